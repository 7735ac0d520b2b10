// The handshake, from both ends: the same answers, byte for byte, for every cut.

import assert from 'node:assert/strict';
import { ClientHandshake } from '../../src/protocol/rtmp/handshake/client-handshake.ts';
import { ServerHandshake } from '../../src/protocol/rtmp/handshake/server-handshake.ts';
import { type FuzzTarget, hexOf, outcomeOf, sameForEveryCut } from '../support/fuzz-target.ts';

const HANDSHAKE_BYTES = 3073;
const randomBytes = (lengthBytes: number): Uint8Array =>
  Uint8Array.from({ length: lengthBytes }, (_, index) => (index * 7 + 1) & 255);

/** The first byte chooses: a server, a client, one that signs, one that wants signatures. */
export const HANDSHAKE: FuzzTarget = {
  seeds: () => {
    const plain = new Uint8Array(HANDSHAKE_BYTES).fill(9);
    plain.set([3, 0, 0, 0, 0, 0, 0, 0, 0]);
    const signed = new ClientHandshake({ randomBytes, isSigned: true }).takeOutput() ?? plain;
    const server = new ServerHandshake({ randomBytes, rtmpe: true });
    server.receive(signed);
    const answer = server.takeOutput() ?? plain;
    const inputs = [plain, Buffer.concat([signed, plain.subarray(1537)]), answer];
    const encrypted = inputs.map((input) => Uint8Array.from(input).with(0, 6));
    return [...inputs, ...encrypted].flatMap((input) =>
      [0, 1, 2, 3].map((kind) => Buffer.concat([Buffer.of(kind), input])),
    );
  },
  fuzz: (data) => {
    const kind = (data[0] ?? 0) & 3;
    const { end, said } = sameForEveryCut(data.subarray(1), (pieces) => {
      const handshake =
        kind === 0
          ? new ServerHandshake({ randomBytes, rtmpe: true })
          : new ClientHandshake({ randomBytes, isSigned: kind >= 2, requireSigned: kind === 3 });
      const said: Uint8Array[] = [];
      const take = (): void => {
        const output = handshake.takeOutput();
        if (output !== null) said.push(output);
      };
      take();
      let usedBytes = 0;
      const outcome = outcomeOf(() => {
        for (const piece of pieces) {
          const used = handshake.receive(piece);
          assert.ok(used === piece.length || handshake.isDone, 'bytes are left over before the end');
          usedBytes += used;
          take();
        }
      });
      take();
      assert.ok(usedBytes <= HANDSHAKE_BYTES);
      const isRefused = 'code' in outcome;
      const end = isRefused ? outcome.code : `done ${handshake.isDone} of ${usedBytes}`;
      return { end, said: Buffer.concat(said) };
    });
    return `${kind} ${end} ${said.length} ${hexOf(said.subarray(0, 10))}`;
  },
};
