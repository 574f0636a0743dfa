import type { Experiment } from './experiment.ts';

/** Figure 2 of the paper: do synthetic rows push the classes of real rows apart? */
export const FIGURE2: Experiment = {
  name: 'figure2',
  title: 'Figure 2: real and synthetic rows, and how far apart the classes are',
  question: 'Does joint training separate the classes of real rows in the classifier?',
  reference: 'classifier_only',
  compared: ['silhouette', 'purity'],
  rows: () => [
    { name: 'classifier_only', title: 'classifier alone', regime: 'classifier_only' },
    { name: 'joint_scratch', title: 'joint, from scratch', regime: 'joint_scratch' },
  ],
};
