// What the environment may say, over a small schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { load, problemsOf } from './small-schema.ts';

describe('the environment', () => {
  it('gives booleans, numbers, sizes and lists as text', () => {
    const { limits, ports } = load({
      env: {
        CULVERT_LIMITS_IS_STRICT: 'true',
        CULVERT_LIMITS_NAME_LENGTH: '3',
        CULVERT_LIMITS_BODY: '2048',
        CULVERT_PORTS: ':1, [::1]:2',
      },
    }).config;
    assert.deepEqual([limits.isStrict, limits.nameLengthChars, limits.bodyBytes], [true, 3, 2_048]);
    assert.deepEqual(ports, [':1', '[::1]:2']);
  });

  it('counts a variable that is set to nothing as not set, and looks at no other prefix', () => {
    const { sources } = load({ env: { CULVERT_MODE: '', CULVERT_NONSENSE: ' ', PATH: '/bin', MODE: 'x' } });
    assert.deepEqual(sources.mode, { type: 'default' });
  });

  it('refuses unknown variables with the nearest known one', () => {
    assert.deepEqual(problemsOf({ env: { CULVERT_LIMIT_WAIT: '1s', CULVERT_XYZ: '1' } }), [
      'CULVERT_LIMIT_WAIT: unknown environment variable (did you mean CULVERT_LIMITS_WAIT?)',
      'CULVERT_XYZ: unknown environment variable',
    ]);
  });

  it('passes over what Kubernetes and Docker set for a service of that name', () => {
    const env = {
      CULVERT_SERVICE_HOST: '10.0.0.1',
      CULVERT_SERVICE_PORT: '1935',
      CULVERT_SERVICE_PORT_RTMP: '1935',
      CULVERT_PORT: 'tcp://10.0.0.1:1935',
      CULVERT_PORT_1935_TCP: 'tcp://10.0.0.1:1935',
      CULVERT_PORT_1935_TCP_ADDR: '10.0.0.1',
      CULVERT_EDGE_SERVICE_HOST: '10.0.0.2',
      CULVERT_EDGE_PORT: 'tcp://10.0.0.2:80',
    };
    assert.deepEqual(problemsOf({ env }), []);
    assert.deepEqual(problemsOf({ env: { CULVERT_PORT: ':80' } }), [
      'CULVERT_PORT: unknown environment variable (did you mean CULVERT_PORTS?)',
    ]);
  });
});
