import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, type FaultContext, type FaultRow, unanswered } from './fault.ts';
import { Traffic } from './traffic.ts';

/** RFC 9113, 3.4, and an empty SETTINGS frame. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const LOAD_MS = 10_000;
const DRIP_MS = 250;

/** Opens connections that behave badly while others classify. */
async function withBadClients(
  name: string,
  { victim, request, times }: FaultContext,
  misbehave: (socket: Socket) => void,
): Promise<FaultRow> {
  const [host, port] = victim.address.split(':') as [string, string];
  const sockets = Array.from({ length: times }, () => {
    const socket = connect(Number(port), host, () => misbehave(socket));
    return socket.on('error', () => {});
  });
  const traffic = new Traffic(victim.address, request, 8, 5000);
  await sleep(LOAD_MS);
  const report = await traffic.end();
  const closed = sockets.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length;
  for (const socket of sockets) socket.destroy();
  return {
    fault: name,
    times,
    traffic: report,
    lost: unanswered(report),
    checked: `every call of 8 honest callers is answered meanwhile; ${closed} of the bad connections were closed within ${LOAD_MS / 1000} s`,
  };
}

export const SLOW_LORIS: Fault = {
  name: 'slow-loris: connections that send a byte now and then',
  times: 500,
  run: (context) =>
    withBadClients(SLOW_LORIS.name, context, (socket) => {
      let at = 0;
      const drip = setInterval(() => {
        if (socket.destroyed || at === PREFACE.length - 1) return clearInterval(drip);
        socket.write(PREFACE.subarray(at, ++at));
      }, DRIP_MS);
    }),
};

export const HALF_OPEN: Fault = {
  name: 'half-open: connections that fall silent after the preface',
  times: 500,
  run: (context) =>
    withBadClients(HALF_OPEN.name, context, (socket) => {
      socket.write(Buffer.concat([PREFACE, SETTINGS]));
      // Neither reads nor acknowledges anything from now on.
      socket.pause();
    }),
};
