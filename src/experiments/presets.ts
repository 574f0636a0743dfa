/** Sizes of an experiment that are worth a name. */
export interface Preset {
  readonly data: string;
  readonly epochs: number;
  readonly seeds: number;
}

export const PRESET_NAMES = ['smoke', 'small', 'paper'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** docs/reproduce.md says how long each takes. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  /** To see that everything works; decides nothing. */
  smoke: { data: 'simulated:small?seed=1&rows=400&steps=100', epochs: 8, seeds: 2 },
  small: { data: 'simulated:small?seed=1&rows=2000&steps=100', epochs: 24, seeds: 5 },
  /** The counts, the epochs and the batch of the paper, ten times. */
  paper: { data: 'simulated:paper?seed=1', epochs: 100, seeds: 10 },
};
