import type { Row } from './row.ts'
import { asTheyAre, notFlag, notWhole } from './row.ts'

/** Settings about addresses, cookies and other machines. */
export const networkRows: Readonly<Record<string, Row>> = {
  HOST: {
    pick: ({ settings }) => settings.host,
    unset: '127.0.0.1',
    good: asTheyAre('0.0.0.0', '::', '::1', 'localhost', 'auth.internal'),
    wrong: ['[::1]', 'http://localhost', 'localhost:80', '256.0.0.1', 'a b', 'a..b', '*'],
  },
  PORT: {
    pick: ({ settings }) => settings.port,
    unset: 8787,
    good: { 0: 0, 80: 80, 65535: 65535 },
    wrong: [...notWhole, '65536'],
  },
  METRICS_PORT: {
    pick: ({ settings }) => settings.metrics,
    unset: undefined,
    good: { 9464: { host: '127.0.0.1', port: 9464 }, 0: { host: '127.0.0.1', port: 0 } },
    wrong: [...notWhole, '65536', 'true'],
    beside: {
      env: { METRICS_HOST: '::' },
      good: { 9464: { host: '::', port: 9464 }, '': undefined },
      wrong: ['65536'],
    },
  },
  METRICS_HOST: {
    pick: ({ settings }) => settings.metrics,
    unset: undefined,
    good: { '0.0.0.0': undefined },
    wrong: ['http://localhost', 'localhost:80', '*'],
    beside: {
      env: { METRICS_PORT: '9464' },
      good: { '0.0.0.0': { host: '0.0.0.0', port: 9464 }, '': { host: '127.0.0.1', port: 9464 } },
      wrong: ['[::1]'],
    },
  },
  REFRESH_COOKIE_NAME: {
    pick: ({ settings }) => settings.cookie.name,
    unset: '__Host-refresh_token',
    good: asTheyAre('__Secure-rt', 'rt'),
    wrong: ['a b', 'a=b', 'a;b', 'ä', '"a"', 'a,b'],
    beside: {
      env: { COOKIE_SECURE: 'false' },
      good: { rt: 'rt', '': 'refresh_token' },
      wrong: ['__Host-a', '__Secure-a', '__host-a', '__Http-a', '__Host-Http-a'],
    },
  },
  COOKIE_SECURE: {
    pick: ({ settings }) => settings.cookie.secure,
    unset: true,
    good: { false: false, 0: false, TRUE: true, 1: true },
    wrong: notFlag,
  },
  COOKIE_SAME_SITE: {
    pick: ({ settings }) => settings.cookie.sameSite,
    unset: 'Strict',
    good: { strict: 'Strict', lax: 'Lax' },
    wrong: ['none', 'Strict', 'false'],
  },
  CORS_ALLOWED_HEADERS: {
    pick: ({ settings }) => settings.corsAllowedHeaders,
    unset: ['traceparent', 'tracestate', 'baggage', 'sentry-trace'],
    good: { 'X-Trace': ['X-Trace'], 'b3, x-b3-traceid': ['b3', 'x-b3-traceid'] },
    wrong: ['*', 'X-Trace,', 'X Trace', 'X-Trace:'],
  },
  CORS_ORIGINS: {
    pick: ({ settings }) => settings.corsOrigins,
    unset: [],
    good: {
      'https://app.example.com': ['https://app.example.com'],
      'http://localhost:5173, http://[::1]:8080': ['http://localhost:5173', 'http://[::1]:8080'],
      'capacitor://localhost,http://my_app': ['capacitor://localhost', 'http://my_app'],
    },
    wrong: [
      ...[
        '*',
        'null',
        'a.example',
        'https://*.a.example',
        'https://a.example/',
        'https://a.example/x',
        'https://',
      ],
      ...[
        'https://A.example',
        'https://a.example:443',
        'https://u:p@a.example',
        'https://a.example,',
        'file:///x',
      ],
      ...['https://a.example?x', 'https://a.example:65536', 'http://127.1', 'data:x'],
    ],
  },
  TRUST_PROXY: {
    pick: ({ settings }) => settings.trustProxy,
    unset: false,
    good: { false: false, 1: 1, 32: 32, '10.0.0.0/8, ::1,fd00::/8': ['10.0.0.0/8', '::1', 'fd00::/8'] },
    wrong: [
      ...[
        'true',
        '0',
        '33',
        '1.5',
        'loopback',
        '10.0.0.0/33',
        '10.0.0.0/',
        '10.0.0.0/08',
        '0.0.0.0/0',
        '::/0',
      ],
      ...['10.0.0/8', 'fe80::1%eth0', '::1/129', '10.0.0.1,,::1', '10.0.0.0/8/8'],
    ],
  },
}
