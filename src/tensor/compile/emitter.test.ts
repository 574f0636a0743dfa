import { expect, test } from 'vitest';
import { Emitter } from './emitter.ts';
import { blocked, POSITIONS, rowMajor } from './layout.ts';
import { GraphBuilder } from './testing/graph-of.ts';

const OPTIONS = { convolution: 'gathered', block: 4 } as const;

/** An emitter of an image that comes in, `[2, 3, 5, 8]`, and of a vector `[6]`. */
function emitter({ arrangeable = false } = {}) {
  const g = new GraphBuilder();
  const [image, vector] = [g.input('image', 2, 3, 5, 8), g.input('vector', 6)];
  const clone = g.node('Identity', [image]);
  const flat = g.node('Reshape', [image], { shape: [2, 120] });
  const negative = g.node('Neg', [image]);
  const two = g.constant([2, 2], [2]);
  const emit = new Emitter(g.build({}), OPTIONS);
  emit.bindPort(image, 'in:image', arrangeable);
  emit.bindPort(vector, 'in:vector', false);
  const types = (): string[] => emit.nodes.map(({ opType }) => opType);
  return { emit, types, image, vector, clone, flat, negative, two };
}

test('a port is declared in the shape of its first use, and reshaped for others', () => {
  const { emit, types, vector } = emitter();
  expect(emit.as(vector, [3, 2])).toBe('in:vector');
  expect(emit.port(vector).shape).toEqual([3, 2]);
  expect(types()).toEqual([]);
  emit.as(vector, [2, 3]);
  expect(types()).toEqual(['Reshape']);
  expect(emit.port(vector).shape).toEqual([3, 2]);
});

test('a port that nobody can arrange is fed row-major and moved', () => {
  const { emit, types, image } = emitter();
  expect(emit.laid(image, POSITIONS)).not.toBe('in:image');
  expect(types().some((type) => ['Transpose', 'Gather'].includes(type))).toBe(true);
  expect(emit.port(image).layout).toEqual(rowMajor(4));
});

test('an arrangeable port is fed as its first use likes it, and moved for others', () => {
  const { emit, types, image } = emitter({ arrangeable: true });
  expect(emit.isOpen(image)).toBe(true);
  expect(emit.laid(image, blocked(4), [2, 8, 3, 5])).toBe('in:image');
  expect(emit.isOpen(image)).toBe(false);
  expect(emit.port(image)).toEqual({ shape: [2, 8, 3, 5], layout: blocked(4) });
  expect(types()).toEqual([]);
  expect(emit.as(image)).not.toBe('in:image');
  expect(emit.port(image).layout).toEqual(blocked(4));
});

test('an arrangeable port whose place is asked for first is row-major', () => {
  const { emit, image } = emitter({ arrangeable: true });
  expect(emit.place(image)).toEqual({ name: 'in:image', shape: [2, 3, 5, 8], layout: rowMajor(4) });
});

test('a clone of an arrangeable port is the port: what one settles holds for both', () => {
  const { emit, types, image, clone } = emitter({ arrangeable: true });
  emit.view(clone, image);
  expect(emit.laid(clone, POSITIONS)).toBe('in:image');
  expect(emit.laid(image, POSITIONS)).toBe('in:image');
  expect(emit.port(image).layout).toEqual(POSITIONS);
  expect(types()).toEqual([]);
});

test('a view of another shape needs the elements row-major', () => {
  const { emit, image, flat } = emitter({ arrangeable: true });
  emit.view(flat, image);
  expect(emit.as(flat)).not.toBe('');
  expect(emit.port(image).layout).toEqual(rowMajor(4));
  const moved = emitter({ arrangeable: true });
  moved.emit.laid(moved.image, POSITIONS);
  moved.emit.view(moved.flat, moved.image);
  expect(moved.types()).toContain('Gather');
  expect(moved.emit.place(moved.flat).layout).toEqual(rowMajor(2));
});

test('a result takes the name of its port wherever it is used', () => {
  const { emit, image, negative } = emitter();
  const made = emit.op('Neg', [emit.as(image)]);
  emit.bind(negative, made);
  emit.op('Exp', [made]);
  expect(emit.result(negative, 'out:y')).toEqual({ port: 'out:y', dims: [2, 3, 5, 8] });
  expect(emit.nodes.map(({ input, output }) => [...input, ...output.slice(0, 1)])[0]).toEqual([
    'in:image',
    'out:y',
  ]);
  expect(emit.nodes[1]!.input).toEqual(['out:y']);
  // And from now on: the same node again is the renamed one.
  expect(emit.op('Neg', ['in:image'])).toBe('out:y');
  expect(emit.as(negative)).toBe('out:y');
});

test('a value that leaves twice, a port and a constant get nodes of their own', () => {
  const { emit, types, image, vector, negative, two } = emitter();
  emit.bind(negative, emit.op('Neg', [emit.as(image)]));
  emit.result(negative, 'out:a');
  emit.result(negative, 'out:b');
  emit.result(vector, 'out:vector');
  expect(emit.result(two, 'out:two')).toEqual({ port: 'out:two', dims: [2] });
  expect(types()).toEqual(['Neg', 'Identity', 'Identity', 'Identity']);
  expect(emit.nodes.map(({ output }) => output[0])).toEqual(['out:a', 'out:b', 'out:vector', 'out:two']);
});

test('a result that lies otherwise leaves row-major in its own shape; one in another shape leaves in that', () => {
  const { emit, image, negative } = emitter();
  emit.bind(negative, emit.op('Neg', [emit.laid(image, POSITIONS)]), [15 * 2, 8], POSITIONS);
  expect(emit.result(negative, 'out:y').dims).toEqual([2, 3, 5, 8]);
  const other = emitter();
  other.emit.bind(other.negative, other.emit.op('Neg', [other.emit.as(other.image)]), [6, 40]);
  expect(other.emit.result(other.negative, 'out:y').dims).toEqual([6, 40]);
});

test('a value that is used before it is made is an error', () => {
  const { emit, negative } = emitter();
  expect(() => emit.place(negative)).toThrow(`value ${negative} of by hand is used before it is made`);
});

test('what does not hold as many elements is not a shape of a value', () => {
  const { emit, vector } = emitter();
  emit.as(vector, [6]);
  expect(() => emit.as(vector, [5])).toThrow('cannot reshape [6] to [5]');
});
