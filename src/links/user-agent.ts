// The program that a request says it comes from.

import type { IncomingMessage } from 'node:http';

/** LIMIT: a log line wants the program's name, and a head may hold 16 KB of it. */
const MAX_USER_AGENT_LENGTH = 256;

/** The User-Agent of a request, its first 256 characters; null where it has none. */
export function userAgentOf(request: IncomingMessage): string | null {
  return request.headers['user-agent']?.slice(0, MAX_USER_AGENT_LENGTH) ?? null;
}
