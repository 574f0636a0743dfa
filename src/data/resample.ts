/** Linear interpolation from frame times to an even grid between the first and the last frame. */
export function resampleClip(
  times: readonly number[],
  frames: readonly (readonly number[])[],
  steps: number,
): Float32Array {
  const channels = frames[0]!.length;
  const out = new Float32Array(channels * steps);
  const [first, last] = [times[0]!, times.at(-1)!];
  let before = 0;
  for (let step = 0; step < steps; step++) {
    const time = steps === 1 ? first : first + ((last - first) * step) / (steps - 1);
    while (before < times.length - 2 && times[before + 1]! <= time) before += 1;
    const after = Math.min(before + 1, times.length - 1);
    const span = times[after]! - times[before]!;
    const share = span > 0 ? (time - times[before]!) / span : 0;
    for (let channel = 0; channel < channels; channel++) {
      const [left, right] = [frames[before]![channel]!, frames[after]![channel]!];
      out[channel * steps + step] = left + (right - left) * share;
    }
  }
  return out;
}
