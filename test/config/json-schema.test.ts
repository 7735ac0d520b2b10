// The JSON Schema of the file, held against the reader of the file: what the reader takes the schema takes, and what
// looks wrong to the reader looks wrong to the schema.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { Type } from 'typebox';
import { parse } from 'yaml';
import { ConfigError } from '../../src/config/config-error.ts';
import { configYaml } from '../../src/config/config-yaml.ts';
import { fileJsonSchema, jsonSchemaText } from '../../src/config/json-schema.ts';
import { isListOfGroups, listKeys } from '../../src/config/key.ts';
import { defaultConfig, loadConfigFile } from '../../src/config/load-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { schemaValidator } from './schema-validator.ts';

const keys = listKeys(configSchema);

const validate = schemaValidator(configSchema);

function isTakenByReader(text: string): boolean {
  try {
    loadConfigFile('culvert.yaml', () => text);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** What the schema says below the given names. */
function at(...names: string[]): unknown {
  return names.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    fileJsonSchema(configSchema),
  );
}

describe('docs/culvert.schema.json', () => {
  it('is in step with the schema of settings; run `npm run docs` where it is not', () => {
    const committed = readFileSync(join(import.meta.dirname, '../../docs/culvert.schema.json'), 'utf8');
    // By name, for a difference of 30 KiB of text is of no use to anybody.
    assert.ok(committed === jsonSchemaText(configSchema), 'npm run docs writes it anew');
  });

  it('is of the draft that editors know, and has no word that it does not know', () => {
    assert.equal(at('$schema'), 'http://json-schema.org/draft-07/schema#');
    assert.equal(new Ajv().validateSchema(JSON.parse(jsonSchemaText(configSchema))), true);
  });
});

describe('fileJsonSchema', () => {
  it('has each key with what it does, what it takes and its default as the file has it', () => {
    for (const { segments, setting, path } of keys) {
      const property = at(...segments.flatMap((name) => ['properties', name])) as Record<string, unknown>;
      const description = String(property['description']);
      assert.ok(description.startsWith(setting.description), path);
      assert.ok(setting.note === undefined || description.includes(setting.note), path);
    }
    const idleHold = at('properties', 'tunnel', 'properties', 'idleHold') as Record<string, unknown>;
    assert.equal(idleHold['default'], '500ms');
    assert.match(
      String(idleHold['description']),
      /\n\nTakes a duration with its unit \(.*\) of 0ms to 4s\.$/,
    );
    assert.deepEqual(at('properties', 'listen', 'default'), [':1935', ':80', 'tls::443']);
    assert.match(
      String(at('properties', 'tls', 'properties', 'minVersion', 'description')),
      /\n\nTakes one of TLSv1\.2, TLSv1\.3\.\n\nAt most the value of tls\.maxVersion\.$/,
    );
  });

  it('says of a key in a group by name what holds where it is not set, or that it has to be set', () => {
    const [app] = Object.values(at('properties', 'apps', 'patternProperties') as object);
    assert.match(
      app.properties.mergeTime.description,
      /\n\nWhere it is not set, streams\.mergeTime holds\.$/,
    );
    assert.equal(app.properties.mergeTime.default, undefined);
    const [certificate] = Object.values(at('properties', 'certificates', 'patternProperties') as object);
    assert.deepEqual(certificate.required, ['certificate']);
    assert.equal(certificate.properties.certificate.default, undefined);
    assert.equal(certificate.properties.key.default, 'in-certificate');
  });

  it('takes nothing beyond the keys, wherever it is', () => {
    let groupCount = 0;
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('properties' in value || 'patternProperties' in value) {
        groupCount++;
        assert.equal(Reflect.get(value, 'additionalProperties'), false);
      }
      for (const child of Object.values(value)) walk(child);
    };
    walk(fileJsonSchema(configSchema));
    // The whole; each group, and the one that upstreams have inside; what stands below names, and in lists, of groups.
    const properties = Object.values(configSchema.properties);
    const ofGroups = properties.filter((child) => Type.IsObject(child) || Type.IsRecord(child));
    const below = properties.filter((child) => Type.IsRecord(child) || isListOfGroups(child));
    assert.equal(groupCount, 1 + ofGroups.length + 1 + below.length);
  });

  it('gives the keys in the order of the schema of settings', () => {
    assert.deepEqual(Object.keys(at('properties') as object), Object.keys(configSchema.properties));
  });
});

describe('a file', () => {
  it('that has all defaults is taken by the schema', () => {
    assert.equal(
      validate(parse(configYaml(keys, defaultConfig(), null))),
      true,
      JSON.stringify(validate.errors),
    );
  });

  it('that the reader takes is taken by the schema', () => {
    for (const file of [
      '',
      '# nothing\n',
      'tunnel:\napps:\ncertificates:\n  # none yet\n',
      'listen: [":0", "TLS:[::1]:443", any:localhost:80]\n',
      'rtmp: {chunkSize: 4096, maxMessage: 4 mib, ackWindow: " 2.5MB "}\n',
      'tunnel: {idleHold: 1.5s, gatherTime: 0 ms, maxBody: "1048576", maxReply: 0x10000}\n',
      'listeners: {maxConnections: 1e5}\n',
      'tls: {minVersion: TLSv1.3, sessionTickets: false}\n',
      'certificates:\n  "*.example": {certificate: a.pem}\n  b: {certificate: b.pem, key: b.key}\n',
      'trustedProxies: {proxyProtocol: [], httpProxies: [10.0.0.0/8, "::1", "::ffff:10.0.0.0/104"]}\n',
      'apps:\n  live: {mergeTime: 350ms}\n  "2024": {}\n  empty:\n  __proto__: {gopCache: true}\n',
      'tunnel: {idleHold: &hold 1s, setupHold: *hold}\n',
      'shutdown: {reconnectUrl: "rtmps://[2001:db8::1]:443/a/b?c=d"}\n',
    ]) {
      assert.ok(isTakenByReader(file), file);
      assert.equal(validate(parse(file)), true, `${file}${JSON.stringify(validate.errors)}`);
    }
  });

  it('that looks wrong to the reader looks wrong to the schema', () => {
    for (const file of [
      '- listen\n',
      'text\n',
      'lisen: [":1935"]\n',
      'tunnel: {idelHold: 1s}\n',
      '"tunnel.idleHold": 1s\n',
      'tunnel: 5\n',
      'tunnel: []\n',
      'tunnel: {idleHold: 500}\n',
      'tunnel: {idleHold: "500"}\n',
      'tunnel: {idleHold: 1M}\n',
      'tunnel: {idleHold: -1s}\n',
      'tunnel: {idleHold: 1m30s}\n',
      'tunnel: {idleHold: }\n',
      'tunnel: {maxBody: 64K}\n',
      'tunnel: {maxBody: 1.5}\n',
      'tunnel: {maxBody: 1}\n',
      'tunnel: {maxBody: [1MiB]}\n',
      'tunnel: {contentType: plain}\n',
      'tunnel: {ident: 404}\n',
      'streams: {gopCache: yes}\n',
      'streams: {gopCache: "true"}\n',
      'streams: {maxNameLength: "5"}\n',
      'streams: {maxNameLength: 1025}\n',
      'listeners: {maxConnections: 0}\n',
      'listeners: {maxConnections: 100k}\n',
      'logLevel: loud\n',
      'listen: ":1935"\n',
      'listen: []\n',
      'listen: [1935]\n',
      'listen: ["1935"]\n',
      'listen: [tls:443]\n',
      'listen: ["ssl::443"]\n',
      'tls: {minVersion: 1.2}\n',
      'tls: {minVersion: TLSv1.1}\n',
      'tls: {certificate: }\n',
      'certificates: {a: {key: a.key}}\n',
      'certificates: {a: }\n',
      'certificates: {a: {}}\n',
      'certificates: {"a b": {certificate: a.pem}}\n',
      'certificates: {a: {certificate: a.pem, port: 443}}\n',
      'trustedProxies: {proxyProtocol: 10.0.0.0/8}\n',
      'trustedProxies: {httpProxies: [localhost]}\n',
      'trustedProxies: {httpHeader: X-Forwarded-For}\n',
      'apps: [live]\n',
      'apps: {live/eu: {mergeTime: 1s}}\n',
      'apps: {"..": {mergeTime: 1s}}\n',
      'apps: {live: {maxNameLength: 5}}\n',
      'apps: {live: {mergeTime: 40}}\n',
      `apps: {${Array.from({ length: 1001 }, (_, n) => `a${n}: {}`).join(', ')}}\n`,
      'shutdown: {reconnectUrl: "http://other.example/"}\n',
      'upstream: rtmp://origin\n',
      'upstream: [origin:1935]\n',
      'upstream: ["http://origin"]\n',
      'upstream: ["rtmp://or igin"]\n',
      'upstreams: {a: {}}\n',
      'upstreams: {a: }\n',
      'upstreams: {a b: {url: "rtmp://origin"}}\n',
      'upstreams: {a: {url: origin}}\n',
      'upstreams: {a: {url: "rtmp://origin", proxyProtocol: 2}}\n',
      'upstreams: {a: {url: "rtmp://origin", tls: {insecure: true}}}\n',
      'upstreams: {a: {url: "rtmp://origin", tls: {fingerprint: abcd}}}\n',
      'upstreams: {a: {url: "rtmp://origin", tunnelConnections: 3}}\n',
      'upstreams: {a: {url: "rtmp://origin", httpProxy: proxy}}\n',
      'upstreams: {a: {url: "rtmp://origin", failoverTimeout: 1s}}\n',
      'routes: {app: live, action: origin}\n',
      'routes: [origin]\n',
      'routes: [{app: live}]\n',
      'routes: [{action: serve}]\n',
      'routes: [{action: origin, app: /live}]\n',
      'routes: [{action: origin, transports: rtmp}]\n',
      'routes: [{action: origin, transports: [http]}]\n',
      'routes: [{action: splice, upstreams: []}]\n',
      'routes: [{action: splice, upstreams: [a b]}]\n',
      'relays: [{direction: push}]\n',
      'relays: [{direction: push, app: a, stream: b, upstreams: [c], upstreamStream: a$b}]\n',
    ]) {
      assert.equal(isTakenByReader(file), false, file);
      assert.equal(validate(parse(file)), false, file);
    }
  });
});
