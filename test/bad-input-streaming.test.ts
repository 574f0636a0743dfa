/** Bad input of ClassifyStream over the wire: status, code, field, and a text that says what is allowed. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Backlog } from '../services/gen/vigil/v1/classify_stream_pb.ts';
import { startServer, type TestServer, trainToEnd } from './support/server.ts';
import { CHANNELS, config, drawn, durationOf, frames, type Request } from './support/streams.ts';
import { expectTold, type Told } from './support/told.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  const request = { dataset: 'simulated:small?rows=60&steps=16', regime: 'classifier_only', requestId: 'a' };
  const version = await trainToEnd(server, { ...request, options: { epochs: 1 } });
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(() => server?.stop());

describe('bad input', () => {
  const field = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'FIELD_INVALID', name, text];
  const tensor = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'TENSOR_INVALID', name, text];
  const level = { name: 'a', classNames: ['slightly_drowsy'], enter: 0.5, leave: 0.4 };
  const one = frames([0], drawn(1));
  const cases: [string, Request[], Told][] = [
    ['nothing', [], field('message', /found nothing; allowed: config/)],
    ['an empty message', [{}], field('message', /found nothing/)],
    ['frames first', [one], field('message', /found frames; allowed: config, as the first/)],
    ['config twice', [config(), config()], field('message', /found config; allowed: frames/)],
    ['an unknown model', [config({ model: '99' })], ['NOT_FOUND', 'MODEL_NOT_FOUND', '', /"99"/]],
    [
      'a long window',
      [config({ window: durationOf(61) })],
      field('config.window', /61 s; allowed: 0.5 s to 60 s/),
    ],
    ['a negative hop', [config({ hop: durationOf(-1) })], field('config.hop', /-1 s/)],
    ['a hop beyond the window', [config({ hop: durationOf(16) })], field('config.hop', /0.05 s to 15 s/)],
    ['nanoseconds', [config({ maxGap: durationOf(0, 1) })], field('config.max_gap', /whole microseconds/)],
    [
      'NaN smoothing',
      [config({ smoothingHalfLifeHops: Number.NaN })],
      field('config.smoothing_half_life_hops', /NaN/),
    ],
    [
      'an unknown backlog',
      [config({ backlog: 9 as Backlog })],
      field('config.backlog', /found 9; allowed: .*WAIT/),
    ],
    [
      'an unnamed level',
      [config({ levels: [{ ...level, name: '' }] })],
      field('config.levels[0].name', /""/),
    ],
    [
      'two of a name',
      [config({ levels: [level, { ...level, classNames: ['alert'] }] })],
      field('config.levels[1].name', /"a"/),
    ],
    [
      'no classes',
      [config({ levels: [{ ...level, classNames: [] }] })],
      field('config.levels[0].class_names', /none/),
    ],
    [
      'an unknown class',
      [config({ levels: [{ ...level, classNames: ['asleep'] }] })],
      [
        'INVALID_ARGUMENT',
        'CLASS_UNKNOWN',
        'config.levels[0].class_names',
        /"asleep"; allowed: alert, slightly_drowsy/,
      ],
    ],
    [
      'a class twice',
      [config({ levels: [level, { ...level, name: 'b' }] })],
      field('config.levels[1].class_names', /of a already/),
    ],
    [
      'leave above enter',
      [config({ levels: [{ ...level, leave: 0.6 }] })],
      field('config.levels[0].leave', /at most enter/),
    ],
    [
      'enter of 0',
      [config({ levels: [{ ...level, enter: 0 }] })],
      field('config.levels[0].enter', /above 0/),
    ],
    ['a negative time', [config(), frames([-1], drawn(1))], field('frames.timestamps_us[0]', /found -1/)],
    [
      'a time of 2^53',
      [config(), frames([2 ** 53], drawn(1))],
      field('frames.timestamps_us[0]', /9007199254740992/),
    ],
    [
      'too few bytes',
      [config(), frames([0, 1], drawn(1))],
      tensor('frames.raw', /72 bytes; allowed: 144 bytes/),
    ],
    [
      'infinity',
      [config(), frames([0], new Float32Array(CHANNELS).fill(Number.POSITIVE_INFINITY, 3))],
      tensor('frames.values', /Infinity at frame 0, channel 3 \(.+\)/),
    ],
    [
      'floats of another length',
      [
        config(),
        {
          message: {
            case: 'frames',
            value: { timestampsUs: [0n], values: { case: 'floats', value: { values: [1] } } },
          },
        },
      ],
      tensor('frames.floats.values', /1 values; allowed: 18/),
    ],
    [
      'no values',
      [config(), { message: { case: 'frames', value: { timestampsUs: [0n] } } }],
      tensor('frames.values', /without values/),
    ],
    [
      'too many frames a second',
      [
        config(),
        frames(
          Array.from({ length: 6000 }, (_, i) => i),
          drawn(6000),
        ),
      ],
      field('frames.timestamps_us', /at most 250 frames a second/),
    ],
  ];
  test.each(cases)('%s', (_, requests, told) => expectTold(server.classifier.classifyStream(requests), told));
});
