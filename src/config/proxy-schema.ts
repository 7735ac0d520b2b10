// The part of the schema that says which proxies stand in front, and what is believed of them.

import { ADDRESS_RANGE_FORMS } from './address-range.ts';
import { choice, group, textList } from './setting.ts';

const ENTRIES = `Each entry is ${ADDRESS_RANGE_FORMS}.`;

/** The proxies in front that are believed. */
export const trustedProxiesGroup = group(
  {
    proxyProtocol: textList(
      { default: [], minItems: 0, maxItems: 256, syntax: 'addressRange', expects: ADDRESS_RANGE_FORMS },
      {
        description:
          'Addresses of the proxies and balancers that may tell a client’s address by the PROXY protocol, version 1 or 2; set it where one in TCP mode stands in front.',
        note: `${ENTRIES} A connection from there may begin with a PROXY header, and need not. A connection from anywhere else that begins with one is closed.`,
      },
    ),
    httpProxies: textList(
      { default: [], minItems: 0, maxItems: 256, syntax: 'addressRange', expects: ADDRESS_RANGE_FORMS },
      {
        description:
          'Addresses of the HTTP proxies that may tell a client’s address by a request header; set it where one stands in front.',
        note: `${ENTRIES} In a request from anywhere else the header is ignored. Of several addresses in it the last one counts that is not in this list.`,
      },
    ),
    httpHeader: choice(['x-forwarded-for', 'forwarded'], 'x-forwarded-for', {
      description:
        'The header by which the proxies of httpProxies tell a client’s address; name the one that yours set, for the other may come from the client.',
    }),
  },
  'Proxies in front, and how they tell the address of a client.',
);
