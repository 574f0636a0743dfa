/** What the promotion gate found, for people. */
import type { GateDifference, GateReport, GateScores } from '../gen/vigil/v1/gate_pb.ts';
import type { Promotion } from '../gen/vigil/v1/train_pb.ts';
import { decimal, write, writeTable } from './print.ts';

interface ScoreLine {
  readonly name: string;
  readonly candidate: number | undefined;
  readonly stable: number | undefined;
  readonly difference: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

const NAMES = {
  macroAccuracy: 'macro accuracy',
  macroAuc: 'macro AUC',
  priorCorrectedMacroAccuracy: 'macro accuracy, prior-corrected',
} as const;

function writeScores(candidate: string, stable: string, lines: readonly ScoreLine[]): void {
  writeTable(
    ['score', `version ${candidate}`, `stable ${stable}`, 'difference', '95% interval'],
    lines.map(({ name, difference, low, high, ...sides }) => [
      name,
      decimal(sides.candidate),
      decimal(sides.stable),
      decimal(difference),
      low === undefined ? '-' : `${decimal(low)} to ${decimal(high)}`,
    ]),
  );
}

/** The sentence, and the table where versions were compared. */
export function writeGate(report: GateReport): void {
  const { message, comparison, candidate, stable } = report;
  write(`gate: ${message}`);
  if (!comparison) return;
  const lineOf = (name: string, key: keyof typeof NAMES & keyof GateScores, difference?: GateDifference) => ({
    name,
    candidate: comparison.candidate?.[key],
    stable: comparison.stable?.[key],
    difference: difference?.mean,
    low: difference?.low,
    high: difference?.high,
  });
  const keys = Object.keys(NAMES) as (keyof typeof NAMES)[];
  writeScores(
    candidate,
    stable,
    keys.map((key) => lineOf(NAMES[key], key, comparison[key])),
  );
}

/** How a promotion ended that was asked for with a training. */
export function writePromotion({ promoted, gate, error }: Promotion, version: string): void {
  if (gate) writeGate(gate);
  if (error) write(`${error.code}: ${error.message}`);
  write(
    promoted
      ? `stable points at version ${version}`
      : `stable stays where it is; version ${version} was not promoted`,
  );
}

/** The table of a refusal, from the facts of the error; nothing where versions were not compared. */
export function writeRefusal(facts: Readonly<Record<string, string>>): void {
  if (facts.rows === undefined) return;
  const numberOf = (key: string): number | undefined =>
    facts[key] === undefined ? undefined : Number(facts[key]);
  const lineOf = (name: string, key: string): ScoreLine => ({
    name,
    candidate: numberOf(`candidate_${key}`),
    stable: numberOf(`stable_${key}`),
    difference: numberOf(`${key}_difference`),
    low: numberOf(`${key}_low`),
    high: numberOf(`${key}_high`),
  });
  writeScores(facts.candidate ?? '', facts.stable ?? '', [
    lineOf(NAMES.macroAccuracy, 'macro_accuracy'),
    lineOf(NAMES.macroAuc, 'macro_auc'),
    lineOf(NAMES.priorCorrectedMacroAccuracy, 'prior_corrected_macro_accuracy'),
  ]);
}
