import { existsSync } from 'node:fs';

/** Where the drivers of graphics hardware show themselves on Linux: Direct Rendering, NVIDIA, WSL. */
const DEVICES = ['/dev/dri', '/dev/nvidiactl', '/dev/dxg'] as const;

/**
 * Why there is no graphics hardware, or undefined. WebGPU would also take a Vulkan driver that computes on the CPU, such
 * as SwiftShader, and does not say so: whoever demands a GPU must not get that.
 */
export function graphicsAbsent(
  platform: NodeJS.Platform = process.platform,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  if (platform !== 'linux' || DEVICES.some(exists)) return undefined;
  return `WebGPU cannot run here: no graphics device (${DEVICES.join(', ')} are absent)`;
}
