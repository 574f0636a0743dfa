import { expect, test } from 'vitest';
import { graphicsAbsent } from './graphics-device.ts';

test('graphics hardware on Linux is known by its device files, and taken for granted elsewhere', () => {
  expect(graphicsAbsent('linux', () => false)).toContain('/dev/dri, /dev/nvidiactl, /dev/dxg are absent');
  expect(graphicsAbsent('linux', (path) => path === '/dev/dri')).toBeUndefined();
  expect(graphicsAbsent('darwin', () => false)).toBeUndefined();
});
