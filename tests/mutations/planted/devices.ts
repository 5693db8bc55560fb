import type { Mutation } from '../mutation.ts'

const HTTP = ['tests/http/dbsc.test.ts']
const UNIT = ['tests/proofs/dbsc.test.ts']
const CLASSIFY = ['tests/sessions/classify.test.ts']

/** Of device bound sessions */
export const deviceFaults: readonly Mutation[] = [
  {
    file: 'src/store/queries/rotation-conditions.ts',
    find: "    eb('sessions.device_key', '=', deviceKey),\n",
    replace: "    eb('sessions.device_key', 'is not', null),\n",
    why: 'a bound session is refreshed without its device',
    tests: [...HTTP, 'tests/store/conditions.test.ts'],
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
    tests: HTTP,
  },
  {
    file: 'src/sessions/devices.ts',
    find: "{ deviceKey: '', bindingsUntil: -1 }",
    replace: "{ deviceKey: '', bindingsUntil: now }",
    why: 'DBSC=off logs out whoever is bound',
    tests: HTTP,
  },
  {
    file: 'src/sessions/devices.ts',
    find: 'bindingsUntil: now - IN_FLIGHT',
    replace: 'bindingsUntil: now',
    why: 'a refresh that was sent before the browser had the bound cookie logs out',
    tests: HTTP,
  },
  {
    file: 'src/sessions/devices.ts',
    find: "  if (presented.length > 0 && !presented.includes(sessionId)) return { outcome: 'ended' }\n",
    replace: '',
    why: 'the key of the session before renews its cookie beside that of the next one',
    tests: HTTP,
  },
  {
    file: 'src/sessions/devices.ts',
    find: 'binding?.deviceKey === null && device.isIssued',
    replace: 'binding?.deviceKey === null',
    why: 'any key binds a session, without a registration',
    tests: HTTP,
  },
  {
    file: 'src/sessions/devices.ts',
    find: "  if (signed === undefined) return { outcome: 'ended' }\n  const isFresh =",
    replace: "  if (signed === undefined) return { outcome: 'challenged', challenge }\n  const isFresh =",
    why: 'a browser with another key is asked for ever',
    tests: ['tests/http/documented.test.ts'],
  },
  {
    file: 'src/sessions/classify.ts',
    find: "return isRotatedSinceBound(session) || isOfLogin ? 'off_device' : 'shared'",
    replace: "return 'off_device'",
    why: 'a thief who has bound a session keeps it while its owner is refused',
    tests: [...CLASSIFY, ...HTTP],
  },
  {
    file: 'src/sessions/classify.ts',
    find: "return isInGrace(session.rotatedAt, asOf, windows.grace) ? outcome : 'reused'",
    replace: 'return outcome',
    why: 'the owner of a session that a thief has bound takes it for a late retry',
    tests: CLASSIFY,
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
    tests: [...UNIT, ...HTTP],
  },
  {
    file: 'src/http/operations/refresh.ts',
    find: "isCookie && result.outcome === 'rotated' && device(session.id) === ''",
    replace: "isCookie && device(session.id) === ''",
    why: 'a browser registers as often as it repeats a refresh',
    tests: HTTP,
  },
  {
    file: 'src/http/operations/devices.ts',
    find: "    if (boundCookies(c, core.settings).length > 0) setBoundCookie(c, core.settings, '', 0)\n",
    replace: '',
    why: 'the cookie of the session before is taken for that of the next one',
    tests: HTTP,
  },
  {
    file: 'src/http/pipeline/devices.ts',
    find: '  if (hasCookie) setBoundCookie',
    replace: '  if (!hasCookie) setBoundCookie',
    why: 'a browser whose clock was set back never renews its cookie',
    tests: HTTP,
  },
]
