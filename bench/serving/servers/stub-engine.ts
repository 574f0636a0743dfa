import type { EngineClient } from '../../../services/engine/engine.ts';
import type { EngineCall, EngineCalls, EngineInfo } from '../../../services/engine/protocol.ts';
import { CHANNELS, CLASSES, STEPS } from '../bundle.ts';

type Replies = { [C in EngineCall]?: (request: EngineCalls[C]['request']) => EngineCalls[C]['reply'] };

const REPLIES: Replies = {
  load: ({ version }) => ({
    version,
    classNames: [],
    channelNames: [],
    channels: CHANNELS,
    steps: STEPS,
    hasGenerator: false,
    bytes: 0,
  }),
  unload: () => ({ unloaded: true }),
  classify: ({ rows }) => ({
    logits: new Float32Array(rows * CLASSES),
    embedding: undefined,
    computeSeconds: 0,
  }),
  ping: () => ({ memory: {} }),
};

const INFO: EngineInfo = {
  engine: 'none',
  device: 'cpu',
  version: 'none',
  refused: [],
  instances: 1,
  pid: process.pid,
};
const silent = (): (() => void) => () => {};

/** An engine that computes nothing and answers at once, in the gateway's own process: what is left is the gateway. */
export const stubEngine = (role: EngineClient['role']): EngineClient => ({
  role,
  info: INFO,
  call: async (call, payload) => {
    const reply = REPLIES[call];
    if (!reply) throw new Error(`the stub has no ${call}`);
    return reply(payload);
  },
  onUp: silent,
  onDown: silent,
  onTraining: silent,
});
