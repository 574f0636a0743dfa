import { classifierMask } from '../models/classifier.ts';
import { discriminatorMasks } from '../models/discriminator.ts';
import { fillNormal, randomKey } from '../random.ts';
import { type Arrays, type Layout, type Layouts, type Shape, sizeOf } from '../tensor/engine.ts';
import { DropoutMask } from '../wasm/dropout-mask.ts';
import { type AugmentationPlan, syntheticClasses } from './augmentation.ts';
import { inverseFrequencyWeights, logitOffsets } from './class-weights.ts';
import { mixingShares } from './mixing.ts';
import type { TrainingOptions } from './options.ts';
import { type ClassifierRecipe, PAPER_RECIPE } from './recipe.ts';
import type { RowSource } from './sources/row-source.ts';
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
  readonly #recipe: ClassifierRecipe;
  readonly #source: RowSource | undefined;
  /** Weight of a row of each class in C's loss, and what a logit-adjusted loss adds to the logits. */
  readonly #classWeights: readonly number[];
  readonly #offsets: Float32Array;
  readonly #buffers = new Map<string, Float32Array>();
  readonly #dropout = new Map<string, DropoutMask>();

  constructor(
    data: TrainingData,
    options: TrainingOptions,
    settings: StepSettings,
    plan: AugmentationPlan,
    targets: readonly number[],
    recipe = PAPER_RECIPE,
    source?: RowSource,
  ) {
    this.#data = data;
    this.#options = options;
    this.#settings = settings;
    this.#plan = plan;
    this.#targets = targets;
    this.#recipe = recipe;
    this.#source = source;
    const { classRows } = data;
    const weighted = recipe.rowWeights === 'inverse_frequency';
    this.#classWeights = weighted ? inverseFrequencyWeights(classRows) : classRows.map(() => 1);
    this.#offsets = Float32Array.from(logitOffsets(classRows, options.logitAdjustment));
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
        ...(this.#settings.diversityWeight > 0 ? { otherNoise: noise('generator/other') } : {}),
        rate: this.#scalar('generator/rate', rates.generator),
        ...this.#masks('generator', iteration, discriminatorMasks(spec, batchSize), layouts.generator),
      },
    };
  }

  /** C's inputs; with `augmented`, the rows that the class deficits ask for in this iteration. */
  classifier(iteration: number, rate: number, augmented: boolean): Arrays {
    const { spec, batchSize } = this.#settings;
    const real =
      this.#recipe.batches === 'balanced'
        ? this.#data.balancedClassifierBatch(iteration)
        : this.#data.classifierBatch(iteration);
    const extra = augmented ? syntheticClasses(this.#plan, this.#options.seed, iteration) : [];
    const purpose = augmented ? 'augmented' : 'plain';
    const rows = batchSize + (augmented ? this.#plan.capacity : 0);
    const labels = [...this.#labelsOf(real), ...extra];
    return {
      real: this.#real('classifier/real', real),
      labels: this.#oneHot(`${purpose}/labels`, labels, rows),
      weights: this.#rowWeights(`${purpose}/weights`, labels, rows),
      rate: this.#scalar('classifier/rate', rate),
      ...(this.#settings.dropout
        ? { mask: this.#mask('classifier', iteration, 0, classifierMask(spec, rows), undefined) }
        : {}),
      ...(augmented ? this.#extra(iteration, extra) : {}),
      ...(this.#recipe.loss === 'logit_adjusted' ? { offsets: this.#offsets } : {}),
    };
  }

  /** What G draws the rows that join C's batch from, the rows, or both and the rows' share in a mixture. */
  #extra(iteration: number, classes: readonly number[]): Arrays {
    const { spec, extraRows } = this.#settings;
    const { capacity } = this.#plan;
    const drawn = (): Arrays => ({
      noise: this.#noise('classifier', iteration, [capacity, spec.latentSize]),
      syntheticLabels: this.#oneHot('augmented/classes', classes, capacity),
    });
    if (!this.#source) return drawn();
    const extra = this.#buffer('augmented/extra', [capacity, spec.channels, spec.steps, 1]).fill(0);
    this.#source.draw(iteration, classes, extra);
    if (extraRows !== 'mixed') return { extra };
    const shares = this.#buffer('augmented/shares', [capacity]);
    mixingShares(this.#options.syntheticMixing, this.#options.seed, iteration, shares);
    return { ...drawn(), extra, shares };
  }

  /** Weights of the rows with the given labels; 0 for those that only fill the shape. */
  #rowWeights(name: string, labels: readonly number[], rows: number): Float32Array {
    const out = this.#buffer(name, [rows]).fill(0);
    labels.forEach((label, row) => {
      out[row] = this.#classWeights[label]!;
    });
    return out;
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
