import type { DescMethod } from '@bufbuild/protobuf';
import type { Client, ClientDuplexStream, ServiceError, StatusObject } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';

/** How a call ended. */
export interface Ending {
  readonly code: string;
  readonly text: string;
  /** `grpc-status-details-bin`, where it was sent. */
  readonly details: Buffer | undefined;
}

/** After so many answers, or so long, the caller of a stream leaves. */
const MOST_ANSWERS = 20;
const bytes = (value: Buffer): Buffer => value;

/** Sends messages as they are, whatever they are, and leaves after `patienceMs`. */
export function rawCall(
  client: Client,
  method: DescMethod,
  messages: readonly Uint8Array[],
  patienceMs: number,
): Promise<Ending> {
  const path = `/${method.parent.typeName}/${method.name}`;
  return new Promise((resolve) => {
    // Every method can be called as the most general one: the wire does not tell them apart.
    const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(path, bytes, bytes, {
      deadline: Date.now() + patienceMs,
    });
    let answers = 0;
    call.on('data', () => {
      answers += 1;
      if (answers === MOST_ANSWERS) call.cancel();
    });
    call.on('error', () => {});
    call.on('status', ({ code, details, metadata }: StatusObject | ServiceError) =>
      resolve({
        code: status[code] ?? String(code),
        text: details,
        details: metadata.get('grpc-status-details-bin')[0] as Buffer | undefined,
      }),
    );
    for (const message of messages) call.write(Buffer.from(message));
    call.end();
  });
}
