/** Compares two versions' answers on a thread of its own: a bootstrap takes longer than a call may be held up. */
import { type Comparison, compareAnswers, type HeldOutAnswers } from '../../src/evaluation/gate/compare.ts';
import { siblingModule } from '../child-module.ts';
import { answerTask, runOnThread } from '../task-thread.ts';

export const compareOnThread = (answers: HeldOutAnswers, signal?: AbortSignal): Promise<Comparison> =>
  runOnThread(siblingModule(import.meta.url, 'compare-worker'), answers, signal);

answerTask(import.meta.url, compareAnswers);
