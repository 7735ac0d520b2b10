// What the project demands of itself as an RTMP server, item by item. A test that proves one says so by `[item N]` at
// the end of its name; test/conformance.test.ts sees to it that every required item has such a test. An item with
// several statements is proven by its tests together.

/** Items that must have a test, by number: what a client or an operator may rely on. */
export const REQUIRED_ITEMS: ReadonlyMap<number, string> = new Map([
  // Handshake
  [1, 'Version 3 with any C1 is answered by S0, S1 and S2, once C1 is whole and before C2.'],
  [2, 'An unsigned S1 has version zero and is never C1; S2 repeats C1.'],
  [3, 'A signed C1 of either layout gets a signed answer; one whose digest is broken gets an unsigned one.'],
  [4, 'C2 is waited for to its last byte, its content ignored, and what follows it is read.'],
  [5, 'Version 6 gets RTMPE with the right keys where that is on, and plain RTMP where it is off.'],
  [6, 'A first byte of 32 and above is closed without an answer.'],
  [7, 'A handshake that comes byte by byte works.'],
  [8, 'A handshake that is not whole in time is closed, and holds about 3 KB at most.'],
  [9, 'A public key of 0, 1, p-1, p or more is refused.'],
  // Chunks in
  [10, 'Every vector reads the same whatever the cuts.'],
  [
    11,
    'Chunk stream ids have three forms, the longest with its low byte first; an id is the same in any form.',
  ],
  [12, 'Header fields are inherited from the same chunk stream only.'],
  [13, 'A type 3 chunk that begins a message adds the last delta, or the time of the type 0 before it.'],
  [14, 'The extended timestamp begins at 0xFFFFFF, and may be repeated on continuations or left out.'],
  [15, 'An extended delta of 0xFFFFFFF6 is -10.'],
  [16, 'Time wraps mod 2^32.'],
  [17, 'Messages of different chunk streams may be interleaved.'],
  [18, 'A new chunk size holds for the rest of unfinished messages.'],
  [19, 'A type 2 or 3 chunk on a chunk stream never used is refused.'],
  [20, 'A type 1 chunk on a chunk stream never used is taken, with message stream id 0.'],
  [21, 'A chunk of type 0, 1 or 2 in the middle of a message is refused, with the place named.'],
  [22, 'A length over the limit is refused by its header; the limit is lower before connect.'],
  [23, 'Empty messages of any type do no harm.'],
  [
    24,
    'Abort drops the unfinished message and keeps its times; one that names nothing, or is misshapen, does nothing.',
  ],
  [25, 'Only so many chunk streams have state.'],
  [26, 'Only so many bytes of unfinished messages are kept.'],
  [27, 'A message that stands still ends the connection after a time.'],
  [28, 'Memory grows with what has come, not with what was declared.'],
  [29, 'Reading costs as much as there are bytes, however small the pieces.'],
  // Chunks out
  [
    30,
    'A chunk stream begins with type 0, and so does a message of another message stream or of an earlier time.',
  ],
  [31, 'Times from 0xFFFFFF on have the extended field, repeated on every continuation.'],
  [32, 'Chunk stream ids stay below 32; protocol control is on chunk stream 2 and message stream 0.'],
  [33, 'Set Chunk Size goes out before the first chunk of the new size.'],
  [34, 'What was written is what is read, whatever the messages and chunk sizes.'],
  [35, 'ffmpeg and rtmpdump read our output beyond 0xFFFFFF ms.'],
  // Control
  [36, 'A chunk size of 0 or with its top bit closes; one too short is dropped; one too large is clamped.'],
  [37, 'Acknowledgements come unasked, within the smaller window of both, and never as a storm.'],
  [38, 'The count of acknowledged bytes wraps mod 2^32.'],
  [39, 'Acknowledgements that jump, repeat or go back change nothing.'],
  [
    40,
    'Set Peer Bandwidth is answered where the window changes; a missing or unknown limit type does no harm.',
  ],
  [41, 'A ping is answered with its own four bytes.'],
  [42, 'Unknown user control events and short ones are ignored.'],
  [43, 'SetBufferLength is taken for the connection, for unknown streams, and for 0 and 2^32-1 ms.'],
  // AMF
  [44, 'Every AMF vector decodes, and encodes to its bytes where there is one way to.'],
  [45, 'Every malformed AMF vector gives the result it lists.'],
  [46, 'Values nested too deep are refused in bounded work, whatever they are made of.'],
  [47, 'Counts never make us allocate beyond the bytes that are there.'],
  [48, 'References to nothing are refused; values that contain themselves harm nobody.'],
  [49, 'Values that unfold into too much are not written out.'],
  [50, 'Keys such as __proto__ are data and nothing else.'],
  [51, 'Text that is no UTF-8 is read all the same.'],
  [52, 'Transaction ids, stream ids and times that are no sensible numbers do no harm.'],
  [53, 'An externalizable of unknown class costs its message and not the connection.'],
  [54, 'Types 15 and 17 are read with and without their format byte; an answer has the type of its request.'],
  [55, 'Strings of 65,536 bytes and more are written as long strings; keys that long are refused.'],
  // Commands
  [56, 'A second connect closes.'],
  [57, 'Nothing is executed before connect.'],
  [58, 'A connect without an application, and a name that is too long, are refused.'],
  [
    59,
    'The answer to connect comes behind types 5, 6 and 1, its info an Object with level, code and description first.',
  ],
  [60, 'A rejection is an _error with the transaction id of its connect, and goes out before the close.'],
  [61, 'createStream gives rising ids from 1, so many and no more.'],
  [62, 'The calls of publishers and players around publish and play get the answers that clients wait for.'],
  [63, 'publish is answered by onStatus on its own message stream, transaction 0, null, Object.'],
  [64, 'The second publisher of a name gets BadName.'],
  [65, 'publish and play on an id that was never created are answered and crash nothing.'],
  [66, 'Every start of play means what clients mean by it.'],
  [67, 'reset of play may be a boolean or a number.'],
  [68, 'The first status of a play is Reset or Start.'],
  [
    69,
    'pause, seek, receiveAudio and receiveVideo are answered; after a seek pictures begin at a keyframe with headers.',
  ],
  [70, 'deleteStream of an id, another id, a string, NaN, or twice, touches no other stream.'],
  [
    71,
    'closeStream, FCUnpublish, a reset and a timeout end a publish once, and its players hear of it once.',
  ],
  [72, 'Unknown calls are refused where they want an answer; answers to calls never made pile up nowhere.'],
  [
    73,
    'The challenge authentication of Adobe lets FFmpeg and GStreamer in, in words that librtmp (OBS) and gortmplib look for; each challenge once and not for long.',
  ],
  // Media
  [
    74,
    'A late joiner gets metadata, headers and a keyframe first; sound alone and pictures alone start too.',
  ],
  [
    75,
    '@setDataFrame is taken off and kept, @clearDataFrame forgets; onMetaData may be an Object or an ECMA array.',
  ],
  [76, 'Headers that change are passed on and kept.'],
  [
    77,
    'A slow reader costs bounded memory, jumps to keyframes, is cut at last, and does not disturb the publisher.',
  ],
  [78, 'Messages go from publisher to player whole, in order, and at their times.'],
  [79, 'Media where nothing is published is dropped, and a flood of it closes.'],
  [80, 'Aggregates are taken apart; broken and nested ones put nothing out of step.'],
  [81, 'Media of no bytes and of one byte passes everywhere.'],
  [82, 'FLV that was written reads back the same, times beyond 24 bits and previous tag sizes included.'],
  [
    83,
    'Enhanced RTMP vectors read; what is unknown is passed on; what is broken is dropped in bounded time.',
  ],
  [84, 'Publishers of Enhanced RTMP are taken without having announced it.'],
  [85, 'Only clients that can reconnect are asked to.'],
]);

/** Items that a test may prove but that are not demanded yet. */
export const FURTHER_ITEMS: ReadonlyMap<number, string> = new Map([
  [86, 'Shared object vectors read and are written.'],
  [87, 'A change of a shared object reaches its requester and the others as each expects.'],
  [88, 'Who attaches to a shared object gets its state and version.'],
  [89, 'Broken and huge shared object messages are bounded and put nothing out of step.'],
  [90, 'Temporary shared objects go with their last user, persistent ones stay.'],
  [91, 'Calls to clients have ids of their own and time out.'],
]);
