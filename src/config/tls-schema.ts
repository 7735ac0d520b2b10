// The part of the schema that is about TLS: the certificate for all clients, further ones by the names that they are for,
// and what is spoken.

import { groupsByName } from './groups-by-name.ts';
import { choice, duration, group, text, toggle } from './setting.ts';

/** LIMIT: further certificates; each is a file that is looked at every second, and is named by hand. */
const MAX_CERTIFICATES = 1000;

/** LIMIT: characters of a path; Linux takes no longer one. */
const MAX_PATH_CHARS = 4096;

/** From the oldest to the newest. */
const TLS_VERSIONS: ['TLSv1.2', 'TLSv1.3'] = ['TLSv1.2', 'TLSv1.3'];

const CERTIFICATE_NOTE =
  'The path is seen from the folder that Culvert was started in. Certificate and key are read again when one of the files changes, and on SIGHUP; connections are not touched.';

const key = text(
  { default: 'in-certificate', minLength: 1, maxLength: MAX_PATH_CHARS },
  {
    expects: 'the path of a PEM file, or in-certificate',
    description:
      'Path of a PEM file with the private key of the certificate; set it where the key is not in the same file.',
  },
);

/** TLS, and the certificate of the clients that no other one is for. */
export const tlsGroup = group(
  {
    certificate: text(
      { default: 'development', minLength: 1, maxLength: MAX_PATH_CHARS },
      {
        expects: 'the path of a PEM file, or development',
        description:
          'Path of a PEM file with the certificate and the chain behind it; set it to your own, for with development one is made that no client knows.',
        note: CERTIFICATE_NOTE,
      },
    ),
    key,
    developmentFolder: text(
      { default: 'certs', minLength: 1, maxLength: MAX_PATH_CHARS },
      'Folder that the development certificate is kept in, seen from the one that Culvert was started in; set it where that one is read-only.',
    ),
    minVersion: choice(TLS_VERSIONS, 'TLSv1.2', {
      atMost: 'tls.maxVersion',
      description: 'Oldest version of TLS that is spoken; set TLSv1.3 where no older client is to be served.',
    }),
    maxVersion: choice(TLS_VERSIONS, 'TLSv1.3', {
      description:
        'Newest version of TLS that is spoken; set TLSv1.2 where clients fail on TLS 1.3, such as old builds of OBS.',
    }),
    sessionTickets: toggle(true, {
      description:
        'Whether clients of TLS 1.2 get session tickets, by which they come back with less work; set false for a client that fails on them.',
      note: 'In TLS 1.3 tickets are sent all the same: a client that fails on those needs `tls.maxVersion: TLSv1.2`, or OpenSSL told by `OPENSSL_CONF` to send none: [tls.md](tls.md#librtmp-and-the-tickets-of-tls-13).',
    }),
    handshakeTimeout: duration(
      { default: '10s', from: '100ms', to: '5m' },
      'Time for a client to finish the TLS handshake; raise it for clients on very slow lines.',
    ),
  },
  'TLS: certificates, and what is spoken on `tls:` and `any:` listeners.',
);

/** Further certificates, by a label. */
export const furtherCertificates = groupsByName(
  {
    pattern: '^[A-Za-z0-9*._-]{1,253}$',
    maxNames: MAX_CERTIFICATES,
    expects: 'a label of 1 to 253 letters, digits, dots, hyphens, underscores and asterisks',
    plural: 'certificates',
    requires: ['certificate'],
    lengthKey: null,
    inherits: null,
    example: `certificates:
  live.example.com:
    certificate: /etc/culvert/live.pem
    key: /etc/culvert/live.key
  "*.example.com":
    certificate: /etc/culvert/wildcard.pem
`,
    note: `The names of these groups are labels, for the log; one that begins with an asterisk needs quotes, and there are at most ${MAX_CERTIFICATES}. Which of the certificates a client gets is decided by the names in them: it is the one that names the host which the client asks for (SNI), in full before by a wildcard, and \`tls.certificate\` for all others.`,
  },
  {
    certificate: text(
      { default: '', minLength: 1, maxLength: MAX_PATH_CHARS },
      {
        expects: 'the path of a PEM file',
        description: 'Path of a PEM file with the certificate and the chain behind it.',
        note: CERTIFICATE_NOTE,
      },
    ),
    key,
  },
  'Further certificates, for clients that ask for other host names than that of `tls.certificate`.',
);
