// The commands that change how a NetStream plays: pause, seek, receiveAudio, receiveVideo. Anything that does not play
// is not answered. [RTMP 7.2.2.4, 7.2.2.5, 7.2.2.7, 7.2.2.8]

import type { CommandMessage } from '../command-message.ts';
import { booleanArg } from './command-args.ts';
import type { NetStream } from './net-stream.ts';
import { NetStreamState } from './net-stream.ts';
import type { FilterEvent, SeekEvent } from './server-events.ts';
import type { StreamReplies } from './stream-replies.ts';

const PLAYBACK_COMMANDS = new Set(['pause', 'pauseRaw', 'seek', 'receiveAudio', 'receiveVideo']);

/** True for a command that {@link handlePlaybackCommand} takes. */
export function isPlaybackCommand(name: string): boolean {
  return PLAYBACK_COMMANDS.has(name);
}

/** What a playing NetStream wants to receive now. */
export function filterOf(stream: NetStream): FilterEvent {
  const { id: messageStreamId, wantsAudio: audio, wantsVideo: video, isPaused } = stream;
  return { type: 'filter', messageStreamId, audio, video, isPaused };
}

/** Changes how `stream` plays and answers it. Gives what the driver is to know of it, null where that is nothing. */
export function handlePlaybackCommand(
  stream: NetStream,
  { name, args }: CommandMessage,
  replies: StreamReplies,
): FilterEvent | SeekEvent | null {
  const isPlaying = stream.state === NetStreamState.Playing;
  const isOn = booleanArg(args, 0, true);
  // Flash says these before play too, to which there is no answer; they hold for the plays to come.
  if (name === 'receiveAudio') stream.wantsAudio = isOn;
  if (name === 'receiveVideo') stream.wantsVideo = isOn;
  if (!isPlaying) return null;
  switch (name) {
    case 'seek':
      replies.sought(stream);
      return { type: 'seek', messageStreamId: stream.id };
    case 'pause':
    case 'pauseRaw':
      stream.isPaused = isOn;
      if (isOn) replies.paused(stream);
      else replies.resumed(stream);
      return filterOf(stream);
    default:
      if (isOn) replies.receivingAgain(stream);
      return filterOf(stream);
  }
}
