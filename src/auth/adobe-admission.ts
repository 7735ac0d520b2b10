// Admission by Adobe authentication: words what the authenticator decides, for the client and for the log. Which wording
// a client understands is told by its flashVer.

import type { DescriptionForm } from '../protocol/rtmp/adobe-auth.ts';
import { serializeAuthFailed, serializeChallenge, serializeNeedAuth } from '../protocol/rtmp/adobe-auth.ts';
import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { Admission, AdmissionRequest, Verdict } from './admission.ts';
import type { AdobeAuthenticator, AuthOutcome } from './adobe-authenticator.ts';

/**
 * DEVIATION: what gortmplib (MediaMTX) claims to be, and FFmpeg where it plays. gortmplib compares descriptions whole,
 * and knows the short form only; GStreamer knows Flash Media Server's only, and says 'LNX 10,0,32,18' as librtmp does.
 */
const SHORT_FORM_FLASH_VERSION = 'LNX 9,0,124,2';

const CAUSES: Readonly<Record<Extract<AuthOutcome, { type: 'failed' }>['cause'], string>> = {
  malformed: 'The login has no user, or values that are too long.',
  'challenge-not-open':
    'The login answers a challenge that was never given, was answered already, or is too old.',
  'wrong-credentials': 'The user or the password of the login is wrong.',
};

/** Lets in who authenticates by authmod=adobe. */
export class AdobeAdmission implements Admission {
  readonly #authenticator: AdobeAuthenticator;

  constructor(authenticator: AdobeAuthenticator) {
    this.#authenticator = authenticator;
  }

  connect(request: AdmissionRequest): Verdict {
    const outcome = this.#authenticator.judge(request);
    const form: DescriptionForm = request.flashVersion === SHORT_FORM_FLASH_VERSION ? 'short' : 'fms';
    switch (outcome.type) {
      case 'accepted':
        return { type: 'accept' };
      case 'need-auth':
        return rejected(serializeNeedAuth(form), 'The application wants a login.', true);
      case 'challenge': {
        const { user, salt, nonce } = outcome;
        const description = serializeChallenge(form, { user, salt, challenge: nonce, opaque: nonce });
        return rejected(description, 'The client was given a challenge for its login.', true);
      }
      case 'failed':
        return rejected(serializeAuthFailed(form), CAUSES[outcome.cause], false);
    }
  }
}

function rejected(description: string, reason: string, isStep: boolean): Verdict {
  return { type: 'reject', code: StatusCode.ConnectRejected, description, reason, isStep };
}
