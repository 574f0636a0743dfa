import { classifierMask } from '../models/classifier.ts';
import { discriminatorMasks } from '../models/discriminator.ts';
import { fillNormal, randomKey } from '../random.ts';
import { type Arrays, type Layout, type Layouts, type Shape, sizeOf } from '../tensor/engine.ts';
import { DropoutMask } from '../wasm/dropout-mask.ts';
import { type AugmentationPlan, syntheticClasses } from './augmentation.ts';
import type { TrainingOptions } from './options.ts';
import { maskNames, type StepSettings } from './steps/step-settings.ts';
import type { TrainingData } from './training-data.ts';

/**
 * Makes the inputs of every step. All randomness is a function of (seed, purpose, iteration), so an iteration gets the
 * same inputs in a resumed run. Buffers are reused: what is returned is valid until the next call of the same method.
 */
export class StepFeeds {
  readonly #data: TrainingData;
  readonly #options: TrainingOptions;
  readonly #settings: StepSettings;
  readonly #plan: AugmentationPlan;
  /** L_corr's target per class. */
  readonly #targets: readonly number[];
  readonly #buffers = new Map<string, Float32Array>();
  readonly #dropout = new Map<string, DropoutMask>();

  constructor(
    data: TrainingData,
    options: TrainingOptions,
    settings: StepSettings,
    plan: AugmentationPlan,
    targets: readonly number[],
  ) {
    this.#data = data;
    this.#options = options;
    this.#settings = settings;
    this.#plan = plan;
    this.#targets = targets;
  }

  /** D's and G's inputs: one real batch for both, noise and masks of their own. `layouts` are those of the steps. */
  adversarial(
    iteration: number,
    rates: { discriminator: number; generator: number },
    layouts: { discriminator: Layouts; generator: Layouts },
  ): { discriminator: Arrays; generator: Arrays } {
    const { spec, batchSize } = this.#settings;
    const rows = this.#data.adversarialBatch(iteration);
    const real = this.#real('adversarial/real', rows);
    const labels = this.#oneHot('adversarial/labels', this.#labelsOf(rows), batchSize);
    const correlationTargets = this.#buffer('targets', [batchSize]);
    rows.forEach((row, i) => {
      correlationTargets[i] = this.#targets[this.#data.dataset.labels[row]!]!;
    });
    const noise = (step: string): Float32Array => this.#noise(step, iteration, [batchSize, spec.latentSize]);
    return {
      discriminator: {
        real,
        labels,
        noise: noise('discriminator'),
        rate: this.#scalar('discriminator/rate', rates.discriminator),
        ...this.#masks(
          'discriminator',
          iteration,
          discriminatorMasks(spec, 2 * batchSize),
          layouts.discriminator,
        ),
      },
      generator: {
        real,
        labels,
        correlationTargets,
        noise: noise('generator'),
        rate: this.#scalar('generator/rate', rates.generator),
        ...this.#masks('generator', iteration, discriminatorMasks(spec, batchSize), layouts.generator),
      },
    };
  }

  /** C's inputs; with `augmented`, the synthetic rows that the class deficits ask for in this iteration. */
  classifier(iteration: number, rate: number, augmented: boolean): Arrays {
    const { spec, batchSize } = this.#settings;
    const capacity = augmented ? this.#plan.capacity : 0;
    const real = this.#data.classifierBatch(iteration);
    const synthetic = augmented ? syntheticClasses(this.#plan, this.#options.seed, iteration) : [];
    const purpose = augmented ? 'augmented' : 'plain';
    const rows = batchSize + capacity;
    const weights = this.#buffer(`${purpose}/weights`, [rows]);
    weights.fill(1, 0, batchSize + synthetic.length);
    weights.fill(0, batchSize + synthetic.length);
    const labels = this.#oneHot(`${purpose}/labels`, [...this.#labelsOf(real), ...synthetic], rows);
    return {
      real: this.#real('classifier/real', real),
      labels,
      weights,
      rate: this.#scalar('classifier/rate', rate),
      ...(this.#settings.dropout
        ? { mask: this.#mask('classifier', iteration, 0, classifierMask(rows), undefined) }
        : {}),
      ...(augmented
        ? {
            noise: this.#noise('classifier', iteration, [capacity, spec.latentSize]),
            syntheticLabels: this.#oneHot('augmented/classes', synthetic, capacity),
          }
        : {}),
    };
  }

  #buffer(name: string, shape: Shape): Float32Array {
    const size = sizeOf(shape);
    const kept = this.#buffers.get(name);
    if (kept?.length === size) return kept;
    const made = new Float32Array(size);
    this.#buffers.set(name, made);
    return made;
  }

  #scalar(name: string, value: number): Float32Array {
    return this.#buffer(name, []).fill(value);
  }

  #labelsOf(rows: Uint32Array): number[] {
    return Array.from(rows, (row) => this.#data.dataset.labels[row]!);
  }

  #real(name: string, rows: Uint32Array): Float32Array {
    const { spec } = this.#settings;
    const size = spec.channels * spec.steps;
    const out = this.#buffer(name, [rows.length, size]);
    rows.forEach((row, i) => {
      out.set(this.#data.scaled.subarray(row * size, (row + 1) * size), i * size);
    });
    return out;
  }

  #oneHot(name: string, labels: readonly number[], rows: number): Float32Array {
    const { classes } = this.#settings.spec;
    const out = this.#buffer(name, [rows, classes]).fill(0);
    labels.forEach((label, row) => {
      out[row * classes + label] = 1;
    });
    // Rows that only fill the shape stand for the first class; their weight is 0.
    for (let row = labels.length; row < rows; row++) out[row * classes] = 1;
    return out;
  }

  #noise(step: string, iteration: number, shape: Shape): Float32Array {
    const key = randomKey(this.#options.seed, `noise/${step}`, iteration);
    return fillNormal(key, this.#buffer(`noise/${step}`, shape));
  }

  #mask(
    step: string,
    iteration: number,
    layer: number,
    shape: Shape,
    layout: Layout | undefined,
  ): Float32Array {
    const name = `${step}/${layer}/${shape}/${JSON.stringify(layout)}`;
    const mask = this.#dropout.get(name) ?? new DropoutMask(shape, layout);
    this.#dropout.set(name, mask);
    return mask.fill(
      randomKey(this.#options.seed, `dropout/${step}`, iteration, layer),
      this.#options.dropout,
    );
  }

  #masks(step: string, iteration: number, shapes: readonly Shape[], layouts: Layouts): Arrays {
    if (!this.#settings.dropout) return {};
    const names = maskNames(shapes.length);
    return Object.fromEntries(
      names.map((name, layer) => [name, this.#mask(step, iteration, layer, shapes[layer]!, layouts[name])]),
    );
  }
}
