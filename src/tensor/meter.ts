import type { Engine, Executable } from './engine.ts';

export interface MeteredEngine {
  readonly engine: Engine;
  /** Seconds since the last call that programs ran, or that their outputs were waited for; compiling is not counted. */
  takeSeconds(): number;
}

/** The same engine, with the time inside its executables counted. `clock` gives monotonic seconds. */
export function meterEngine(engine: Engine, clock: () => number): MeteredEngine {
  let seconds = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    const began = clock();
    try {
      return await work();
    } finally {
      seconds += clock() - began;
    }
  };
  const meter = (executable: Executable): Executable => ({
    layouts: executable.layouts,
    heldBytes: executable.heldBytes,
    run: (inputs) => counted(() => executable.run(inputs)),
    submit: async (inputs) => {
      const pending = await counted(() => executable.submit(inputs));
      return { read: () => counted(() => pending.read()) };
    },
    dispose: () => executable.dispose(),
  });
  return {
    engine: {
      name: engine.name,
      device: engine.device,
      version: engine.version,
      createState: (shapes, initial) => engine.createState(shapes, initial),
      compile: async (program, state) => meter(await engine.compile(program, state)),
      dispose: () => engine.dispose(),
    },
    takeSeconds: () => {
      const taken = seconds;
      seconds = 0;
      return taken;
    },
  };
}
