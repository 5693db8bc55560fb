import type { Settings } from '../../src/config/settings.ts'
import type { Row } from './row.ts'
import { notFlag, notWhole } from './row.ts'

const row = (name: keyof Settings['limits'], points: number, seconds: number): Row => ({
  pick: ({ settings }) => settings.limits[name],
  unset: { points, seconds },
  good: {
    off: false,
    '1/1': { points: 1, seconds: 1 },
    '1000000/86400': { points: 1_000_000, seconds: 86_400 },
  },
  wrong: [
    ...['Off', 'false', 'on', '0', '100', '100/', '/60', '0/60', '100/0', '100/60/60', '100 / 60', '100/60s'],
    ...['1000001/60', '100/86401', '01/60', '1/060', '1e3/60', '-1/60', '1.5/60', '100:60'],
  ],
})

/** Off by default, and limited in production. */
const inProduction = (name: keyof Settings['limits'], points: number, seconds: number): Row => ({
  ...row(name, points, seconds),
  unset: false,
  beside: {
    env: { NODE_ENV: 'production' },
    good: { '': { points, seconds }, off: false, '1/1': { points: 1, seconds: 1 } },
    wrong: ['Off', '60'],
  },
})

/** The limits of `src/limits`. */
export const limitRows: Readonly<Record<string, Row>> = {
  LIMIT_LOGIN_ADDRESS: row('loginAddress', 500, 3600),
  LIMIT_LOGIN_ACCOUNT: row('loginAccount', 100, 3600),
  LIMIT_LOGIN_DELAY: {
    pick: ({ settings }) => settings.limits.loginDelay,
    unset: true,
    good: { on: true, off: false },
    wrong: [...notWhole, ...notFlag.filter((value) => value !== 'on'), 'On', 'true'],
  },
  LIMIT_REGISTER_ADDRESS: inProduction('registerAddress', 60, 3600),
  LIMIT_PASSWORD_ADDRESS: inProduction('passwordAddress', 60, 3600),
  LIMIT_SESSIONS_USER: row('sessionsUser', 120, 600),
  LIMIT_SESSIONS_ADDRESS: row('sessionsAddress', 1200, 600),
  LIMIT_REFRESH_SESSION: row('refreshSession', 120, 60),
  LIMIT_REFRESH_USER: row('refreshUser', 1200, 60),
  LIMIT_FAILURES_ADDRESS: row('failuresAddress', 300, 60),
}
