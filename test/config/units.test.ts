// Durations and sizes as texts, both ways.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatDuration,
  formatSize,
  parseDurationMs,
  parseSizeBytes,
  propertyName,
} from '../../src/config/units.ts';

describe('parseDurationMs', () => {
  it('takes milliseconds, seconds, minutes and hours', () => {
    assert.equal(parseDurationMs('500ms'), 500);
    assert.equal(parseDurationMs('10s'), 10_000);
    assert.equal(parseDurationMs('1m'), 60_000);
    assert.equal(parseDurationMs('2h'), 7_200_000);
    assert.equal(parseDurationMs('0ms'), 0);
  });

  it('takes decimals that come out as whole milliseconds', () => {
    assert.equal(parseDurationMs('1.5s'), 1_500);
    assert.equal(parseDurationMs('1.1s'), 1_100);
    assert.equal(parseDurationMs('0.001s'), 1);
    assert.equal(parseDurationMs('0.5ms'), null);
  });

  it('takes a blank before the unit and around the whole', () => {
    assert.equal(parseDurationMs(' 10 s '), 10_000);
  });

  it('refuses a number without a unit, an unknown unit and another letter case', () => {
    for (const text of ['500', '0', '10sec', '1M', '10S', '10MiB', '5d']) {
      assert.equal(parseDurationMs(text), null, text);
    }
  });

  it('refuses what is no number', () => {
    for (const text of ['', 's', '-1s', '+1s', '1e3ms', '1,5s', '1s2', '.5s', '1m30s', 'NaNs', '1\ns']) {
      assert.equal(parseDurationMs(text), null, text);
    }
  });

  it('refuses more than twelve digits', () => {
    assert.equal(parseDurationMs('999999999999ms'), 999_999_999_999);
    assert.equal(parseDurationMs('1000000000000ms'), null);
  });
});

describe('parseSizeBytes', () => {
  it('takes powers of 1000 and of 1024, and bytes alone', () => {
    assert.equal(parseSizeBytes('60000'), 60_000);
    assert.equal(parseSizeBytes('60000B'), 60_000);
    assert.equal(parseSizeBytes('1kB'), 1_000);
    assert.equal(parseSizeBytes('1MB'), 1_000_000);
    assert.equal(parseSizeBytes('1GB'), 1_000_000_000);
    assert.equal(parseSizeBytes('64KiB'), 65_536);
    assert.equal(parseSizeBytes('16MiB'), 16_777_216);
    assert.equal(parseSizeBytes('1GiB'), 1_073_741_824);
    assert.equal(parseSizeBytes('0.5MiB'), 524_288);
  });

  it('does not look at letter case', () => {
    assert.equal(parseSizeBytes('64kib'), 65_536);
    assert.equal(parseSizeBytes('1KB'), 1_000);
  });

  it('refuses abbreviations that leave open which power is meant, other units and parts of a byte', () => {
    for (const text of ['64K', '16M', '1G', '1Mbit', '10s', '0.3B', '-1', '']) {
      assert.equal(parseSizeBytes(text), null, text);
    }
  });
});

describe('formatDuration and formatSize', () => {
  it('take the largest unit that comes out even', () => {
    assert.deepEqual([0, 500, 1_000, 75_000, 60_000, 3_600_000].map(formatDuration), [
      '0ms',
      '500ms',
      '1s',
      '75s',
      '1m',
      '1h',
    ]);
    assert.deepEqual([0, 60_000, 65_536, 16_777_216, 1_073_741_824].map(formatSize), [
      '0B',
      '60000B',
      '64KiB',
      '16MiB',
      '1GiB',
    ]);
  });

  it('are read back as the same number', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999_999 }), (value) => {
        assert.equal(parseDurationMs(formatDuration(value)), value);
        assert.equal(parseSizeBytes(formatSize(value)), value);
      }),
    );
  });
});

describe('propertyName', () => {
  it('puts the unit behind the name, once', () => {
    assert.equal(propertyName('idleHold', 'ms'), 'idleHoldMs');
    assert.equal(propertyName('maxBody', 'bytes'), 'maxBodyBytes');
    assert.equal(propertyName('gopCacheBytes', 'bytes'), 'gopCacheBytes');
    assert.equal(propertyName('maxNameLength', 'chars'), 'maxNameLengthChars');
    assert.equal(propertyName('listen', undefined), 'listen');
  });
});
