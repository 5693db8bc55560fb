import type { Mutation } from '../mutation.ts'

const HTTP = ['tests/http/dbsc.test.ts']
const RACES = ['tests/http/dbsc-races.test.ts']
const SETTINGS = ['tests/http/dbsc-settings.test.ts']
const THEFT = ['tests/http/dbsc-theft.test.ts']
const UNIT = ['tests/proofs/dbsc.test.ts']
const CLASSIFY = ['tests/sessions/classify.test.ts']

/** Of device bound sessions */
export const deviceFaults: readonly Mutation[] = [
  {
    file: 'src/store/queries/rotation-conditions.ts',
    find: "    eb('sessions.device_key', '=', deviceKey),\n",
    replace: "    eb('sessions.device_key', 'is not', null),\n",
    why: 'a bound session is refreshed without its device',
    tests: [...THEFT, 'tests/store/conditions.test.ts'],
  },
  {
    file: 'src/store/queries/exchanges.ts',
    find: '    .where(isOnDevice(claim))\n',
    replace: '',
    why: 'access tokens of a bound session are exchanged anywhere',
    tests: ['tests/store/conditions.test.ts'],
  },
  {
    file: 'src/store/queries/devices.ts',
    find: "      .where('bound_at', 'is', null)\n",
    replace: '',
    why: 'a second key replaces the one that a session is bound to',
    tests: RACES,
  },
  {
    file: 'src/store/queries/devices.ts',
    find: "      .where('start_generation', '<=', generation)\n",
    replace: '',
    why: 'who was shut out by a password change binds the session',
    tests: RACES,
  },
  {
    file: 'src/store/queries/devices.ts',
    find: "    .where('device_key', '=', deviceKey)\n",
    replace: '',
    why: 'while DBSC is off, any key unbinds a session',
    tests: SETTINGS,
  },
  {
    file: 'src/sessions/devices.ts',
    find: 'Math.max(-1, ',
    replace: 'Math.max(0, ',
    why: 'a session is bound without its refresh cookie',
    tests: RACES,
  },
  {
    file: 'src/http/operations/devices.ts',
    find: '      await forgetDevice(core, identifier)\n',
    replace: '',
    why: 'a browser that has forgotten its key, because DBSC was off, is logged out when it is on again',
    tests: SETTINGS,
  },
  {
    file: 'src/http/pipeline/devices.ts',
    find: 'keyOfCookie(keys.refresh, ',
    replace: 'keyOfCookie(keys.secret, ',
    why: 'bound cookies depend on JWT_SECRET_KEY, although refresh tokens have a secret of their own',
    tests: SETTINGS,
  },
  {
    file: 'src/sessions/devices.ts',
    find: "{ deviceKey: '', bindingsUntil: -1 }",
    replace: "{ deviceKey: '', bindingsUntil: now }",
    why: 'DBSC=off logs out whoever is bound',
    tests: SETTINGS,
  },
  {
    file: 'src/sessions/devices.ts',
    find: 'bindingsUntil: now - IN_FLIGHT',
    replace: 'bindingsUntil: now',
    why: 'a refresh that was sent before the browser had the bound cookie logs out',
    tests: RACES,
  },
  {
    file: 'src/sessions/devices.ts',
    find: "  if (presented.length > 0 && own.length === 0) return { outcome: 'ended' }\n",
    replace: '',
    why: 'the key of the session before renews its cookie beside that of the next one',
    tests: HTTP,
  },
  {
    file: 'src/sessions/devices.ts',
    find: 'binding?.deviceKey === null && device.isIssued',
    replace: 'binding?.deviceKey === null',
    why: 'any key binds a session, without a registration',
    tests: RACES,
  },
  {
    file: 'src/sessions/devices.ts',
    find: "  if (signed === undefined) return { outcome: 'ended' }\n  const isFresh =",
    replace: "  if (signed === undefined) return { outcome: 'challenged', challenge }\n  const isFresh =",
    why: 'a browser with another key is asked for ever',
    tests: HTTP,
  },
  {
    file: 'src/sessions/classify.ts',
    find: "return isDoubtful(session, presented, session.rotatedAt) ? 'shared' : 'off_device'",
    replace: "return 'off_device'",
    why: 'a thief who has bound a session keeps it while its owner is refused',
    tests: [...CLASSIFY, ...THEFT],
  },
  {
    file: 'src/sessions/classify.ts',
    find: "return presented.mayRenew === true ? 'off_device' : 'reused'",
    replace: 'return outcome',
    why: 'the owner of a session that a thief has bound takes it for a late retry',
    tests: CLASSIFY,
  },
  {
    file: 'src/sessions/classify.ts',
    find: "isDoubtful(session, presented, presented.issuedAt + 999) ? 'reused' : 'off_device'",
    replace: "'off_device'",
    why: 'a thief who has bound a session and refreshed it keeps it while its owner is refused',
    tests: [...CLASSIFY, ...THEFT],
  },
  {
    file: 'src/sessions/classify.ts',
    find: ' && mayRenew !== true',
    replace: '',
    why: 'a browser that could not renew its cookie for a while is taken for a thief',
    tests: [...CLASSIFY, ...THEFT],
  },
  {
    file: 'src/proofs/dbsc.ts',
    find: 'Math.abs(age) <= 1',
    replace: 'age === 0',
    why: 'a challenge that comes back one late is refused',
    tests: [...UNIT, ...HTTP],
  },
  {
    file: 'src/proofs/dbsc.ts',
    find: 'remaining > 0 && ',
    replace: '',
    why: 'a copied bound cookie is good for ever',
    tests: [...UNIT, ...THEFT],
  },
  {
    file: 'src/http/pipeline/devices.ts',
    find: '  if (age >= REGISTERING) offerRegistration',
    replace: '  offerRegistration',
    why: 'a browser registers as often as it refreshes, until it may not sign any more',
    tests: HTTP,
  },
  {
    file: 'src/http/operations/devices.ts',
    find: '    clearBoundCookie(c, core.settings)\n',
    replace: '',
    why: 'the cookie of the session before is taken for that of the next one',
    tests: HTTP,
  },
  {
    file: 'src/http/operations/refresh.ts',
    find: '        clearBoundCookie(c, core.settings)\n',
    replace: '',
    why: 'a browser whose clock was set back never renews its cookie',
    tests: THEFT,
  },
]
