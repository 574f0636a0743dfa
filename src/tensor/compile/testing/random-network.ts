/** Small networks drawn at random: what `src/models` can express, and what it might some day. */
import { integerAt, randomKey } from '../../../random.ts';

type Pair = readonly [height: number, width: number];

export interface LayerSpec {
  readonly kind: 'convolution' | 'transposed';
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly pad: 'same' | 'valid';
  readonly outputs: number;
  /** Rows and columns of a transposed convolution beyond the fewest that its input can come from. */
  readonly extra: Pair;
  readonly bias: boolean;
  /** A strided 1x1 convolution of the layer's input is added before the activation. Only where `hasShortcut`. */
  readonly shortcut: boolean;
  /** `forked`: the sum before the activation is used a second time. */
  readonly activation: 'leaky' | 'steep' | 'forked' | 'relu' | 'tanh' | 'none';
  /** Multiplies with an arrangeable dropout mask. */
  readonly mask: boolean;
}

export interface NetworkSpec {
  readonly seed: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The input comes as `[batch, channels, height, width]` and is turned in the program. */
  readonly turned: boolean;
  /** The batch is joined from two inputs, this many rows in the second. */
  readonly joined: number;
  readonly layers: readonly LayerSpec[];
  readonly pooling: 'mean' | 'flatten';
  readonly classes: number;
  readonly loss: 'softmax' | 'softplus' | 'square';
  /** Gradients leave the program as outputs too, and the input is differentiated. */
  readonly exposed: boolean;
}

/** A padded convolution shrinks as its strides say, and so does one of 1x1. */
export const hasShortcut = ({ kind, pad, shortcut }: LayerSpec): boolean =>
  shortcut && kind === 'convolution' && pad === 'same';

/** Size along an axis after a layer; undefined where it cannot be applied. */
export function sizeAfter(layer: LayerSpec, size: number, axis: 0 | 1): number | undefined {
  const [kernel, stride] = [layer.kernel[axis], layer.strides[axis]];
  if (layer.kind === 'convolution') {
    if (layer.pad === 'same') return Math.ceil(size / stride);
    return size < kernel ? undefined : Math.floor((size - kernel) / stride) + 1;
  }
  // Any size that the forward convolution of the same padding takes to `size`: `stride` of them.
  const fewest = layer.pad === 'same' ? (size - 1) * stride + 1 : (size - 1) * stride + kernel;
  return fewest + Math.min(layer.extra[axis], stride - 1);
}

/** Multiplications of the convolutions' forward pass; undefined for a network that cannot be built. */
export function workOf(network: NetworkSpec): number | undefined {
  let { height, width, channels } = network as { height: number; width: number; channels: number };
  let work = 0;
  for (const layer of network.layers) {
    const after = [sizeAfter(layer, height, 0), sizeAfter(layer, width, 1)] as const;
    if (after[0] === undefined || after[1] === undefined) return undefined;
    const positions = layer.kind === 'convolution' ? after[0] * after[1] : height * width;
    const taps = layer.kernel[0] * layer.kernel[1] + (hasShortcut(layer) ? 1 : 0);
    work += network.batch * positions * taps * channels * layer.outputs;
    [height, width] = [after[0], after[1]];
    channels = layer.outputs;
  }
  const features = network.pooling === 'mean' ? channels : height * width * channels;
  return work + network.batch * features * network.classes;
}

/** Bounds the reference, which does some ten million multiplications a second. */
const MOST_WORK = 300_000;

/** A pure function of the seed. Draws until a network can be built and is small enough. */
export function drawNetwork(seed: number): NetworkSpec {
  for (let attempt = 0; ; attempt++) {
    const network = draw(seed, attempt);
    const work = workOf(network);
    if (work !== undefined && work <= MOST_WORK) return network;
  }
}

function draw(seed: number, attempt: number): NetworkSpec {
  const key = randomKey(seed, 'network', attempt);
  let index = 0;
  const below = (bound: number): number => integerAt(key, index++, bound);
  const pick = <T>(choices: readonly [T, ...T[]]): T => choices[below(choices.length)]!;
  const chance = (oneIn: number): boolean => below(oneIn) === 0;
  // In every third network all channels divide into blocks of a processor's vectors.
  const blocks = chance(3);
  const channels = (): number => {
    if (blocks) return pick([8, 16, 16, 32, 32, 40]);
    return chance(2) ? pick([1, 2, 3, 4, 8, 16, 32]) : 1 + below(40);
  };
  const size = (): number => (chance(6) ? 1 : 1 + below(chance(3) ? 24 : 9));
  const layer = (): LayerSpec => ({
    kind: chance(4) ? 'transposed' : 'convolution',
    kernel: [1 + below(chance(3) ? 7 : 3), 1 + below(chance(3) ? 7 : 3)],
    strides: [1 + below(3), 1 + below(3)],
    pad: pick(['same', 'same', 'valid']),
    outputs: channels(),
    extra: [below(3), below(3)],
    bias: !chance(5),
    activation: pick(['leaky', 'leaky', 'leaky', 'steep', 'forked', 'relu', 'tanh', 'none']),
    mask: chance(3),
    shortcut: chance(3),
  });
  const batch = chance(8) ? pick([64, 130, 256, 512]) : 1 + below(20);
  return {
    seed,
    batch,
    height: size(),
    width: size(),
    channels: chance(2) ? 1 : channels(),
    turned: chance(5),
    joined: batch > 1 && chance(5) ? 1 + below(batch - 1) : 0,
    layers: Array.from({ length: 1 + below(4) }, layer),
    pooling: pick(['mean', 'flatten']),
    classes: 1 + below(6),
    loss: pick(['softmax', 'softplus', 'square']),
    exposed: chance(2),
  };
}

/** Simpler networks to try in the place of one that fails: each differs in one respect. */
export function simplerThan(network: NetworkSpec): NetworkSpec[] {
  const whole: Partial<NetworkSpec>[] = [
    { turned: false },
    { joined: 0 },
    { exposed: false },
    { pooling: 'mean' },
    { loss: 'square' },
    { classes: 1 },
    ...[1, 2, Math.floor(network.batch / 2)].map((batch) => ({ batch, joined: 0 })),
    ...[1, 2, network.height - 1].map((height) => ({ height })),
    ...[1, 2, network.width - 1].map((width) => ({ width })),
    ...[1, 2, 4].map((channels) => ({ channels })),
  ];
  const plain: readonly ((layer: LayerSpec) => Partial<LayerSpec>)[] = [
    () => ({ kind: 'convolution' }),
    () => ({ mask: false }),
    () => ({ shortcut: false }),
    () => ({ bias: false }),
    () => ({ activation: 'none' }),
    () => ({ pad: 'same' }),
    ({ kernel }) => ({ kernel: [1, kernel[1]] }),
    ({ kernel }) => ({ kernel: [kernel[0], 1] }),
    ({ strides }) => ({ strides: [1, strides[1]] }),
    ({ strides }) => ({ strides: [strides[0], 1] }),
    () => ({ extra: [0, 0] }),
    () => ({ outputs: 1 }),
    () => ({ outputs: 4 }),
  ];
  const layers = network.layers.flatMap((layer, at) => {
    const without = { layers: network.layers.filter((_, i) => i !== at) };
    return [
      without,
      ...plain.map((change) => ({ layers: network.layers.with(at, { ...layer, ...change(layer) }) })),
    ];
  });
  return [...layers, ...whole]
    .map((change) => ({ ...network, ...change }))
    .filter(
      (simpler) =>
        simpler.layers.length > 0 &&
        Math.min(simpler.batch, simpler.height, simpler.width) > 0 &&
        (simpler.channels < network.channels || simpler.channels === network.channels) &&
        workOf(simpler) !== undefined &&
        JSON.stringify(simpler) !== JSON.stringify(network),
    );
}
