/** How the responses are provoked that need more than requests: other settings, another time, a broken database. */
import { withPassword } from '../../../src/conform/provocations/by-example.ts'
import { deviceRefresh, register } from '../../../src/conform/provocations/devices.ts'
import { asForm, good } from '../../../src/conform/provocations/good.ts'
import { waysTo } from '../../../src/conform/provocations/index.ts'
import type { Provocation, Provocations, Ways } from '../../../src/conform/provocations/provocation.ts'
import {
  after as afterOf,
  changed,
  forge,
  fromElsewhere,
} from '../../../src/conform/provocations/provocation.ts'
import type { OperationId } from '../../../src/http/contract.ts'
import type { Request } from '../../support/service.ts'
import { DAY, MINUTE, override } from '../../support/service.ts'
import { sidOf } from '../../support/tokens.ts'
import type { World } from '../../support/world.ts'
import {
  configure,
  crowd,
  hideMigrations,
  hideTables,
  limit,
  lockDatabase,
  signWith,
} from '../../support/world.ts'

type InWorld = Provocation<World>

const after = (request: InWorld, act: (world: World) => unknown): InWorld => afterOf(request, act)

const closeStore = ({ service }: World) => service.core.store.close()

/** A way that requests alone have to a response */
const way = (operationId: OperationId, key: string): InWorld => {
  const [first] = [waysTo({ operationId, key }) ?? []].flat()
  if (first === undefined) throw new Error(`${operationId} ${key}`)
  return first
}

/** Requests with which a password is checked or hashed, and nothing changes while there is no room for that */
const hashing: Partial<Record<OperationId, InWorld>> = {
  register: way('register', '409 taken'),
  login: way('login', '401 invalid_credentials'),
  changePassword: way('changePassword', '403 wrong_password'),
  createUser: way('createUser', '409 taken'),
  setUserPassword: good.setUserPassword,
  resetPassword: good.resetPassword,
}

/** Requests that a limit counts */
const counted: Partial<Record<OperationId, InWorld>> = {
  ...hashing,
  refreshToken: way('refreshToken', '401 invalid'),
  exchangeToken: way('exchangeToken', '401 invalid'),
  resetPassword: way('resetPassword', '401 invalid'),
  logout: way('logout', '401 invalid'),
  registerDevice: way('registerDevice', '401 invalid_proof'),
  refreshDevice: way('refreshDevice', '401 ended'),
  introspect: changed(good.introspect, (request, { accessToken }) => ({
    ...request,
    ...asForm({ token: forge(accessToken) }),
  })),
}

// A lock takes a second.
const LOCKED: readonly OperationId[] = [
  ...([
    'refreshToken',
    'exchangeToken',
    'register',
    'login',
    'logout',
    'logoutAll',
    'changePassword',
  ] as const),
  ...(['endSession', 'setUserPassword', 'renameUser', 'openUserSession'] as const),
  ...(['requestPasswordReset', 'resetPassword'] as const),
]

/** With a page of `CORS_ORIGINS`, whose browser would drop the cookie */
const cookieFor = (headers: Request['headers'], origin: string, secure: boolean): InWorld =>
  after(
    changed(way('login', '200 cookie'), (request) => ({ ...request, headers: headers ?? {} })),
    (world) => {
      const { cookie } = world.service.core.settings
      configure(world, { corsOrigins: [origin], cookie: { ...cookie, secure } })
    },
  )

const own: Partial<Record<OperationId, Provocations<World>>> = {
  listUsers: {
    '200 last_page': [good.listUsers, way('listUsers', '200 last_page')],
  },
  listEvents: {
    '200 last_page': [
      ({ adminToken, user, accessToken }) => ({
        path: `/admin/events?user_id=${user.id}&session_id=${sidOf(accessToken)}`,
        request: { bearer: adminToken },
      }),
      ({ adminToken }) => ({
        path: '/admin/events?type=session.opened&since=2026-11-22T08:00:00Z&cursor=999',
        request: { bearer: adminToken },
      }),
    ],
  },
  jwks: { '200 keys': after(good.jwks, (world) => signWith(world, 'ES256')) },
  issuerMetadata: {
    '200 metadata': withIssuer(good.issuerMetadata),
    // The client has to ask for it before it can name the version that it has.
    '304 empty': async (world) => {
      const ask = await withIssuer(good.issuerMetadata)(world)
      const { headers } = await world.request(ask.path, ask.request)
      return { ...ask, request: { headers: { 'If-None-Match': headers.get('ETag') ?? '' } } }
    },
  },
  readyz: {
    '503 unavailable': [after(good.readyz, closeStore), after(good.readyz, hideMigrations)],
    '503 shutting_down': after(good.readyz, ({ service }) => {
      service.core.shutdown.draining = true
    }),
  },
  refreshToken: {
    '401 expired': later(good.refreshToken, 91 * DAY),
    '401 off_device': async (world) => {
      const browser = await register(world)
      const { path, request } = deviceRefresh(browser)
      await world.request(path, request)
      world.service.clock.now += MINUTE
      return { path: '/refresh_token', request: { method: 'POST', cookie: browser.cookie } }
    },
  },
  exchangeToken: { '401 expired': later(good.exchangeToken, 91 * DAY) },
  login: {
    '403 cookie_over_plain_http': cookieFor({ Origin: 'http://app.example' }, 'http://app.example', true),
    '403 cookie_of_another_site': cookieFor(fromElsewhere, fromElsewhere.Origin, false),
  },
}

function withIssuer(request: InWorld): InWorld {
  const issuer = 'https://id.example.com'
  return after(request, (world) => configure(world, { publicUrl: issuer, issuer }))
}

function later(request: InWorld, time: number): InWorld {
  return after(request, ({ service }) => {
    service.clock.now += time
  })
}

/** @param key of a response that many operations have */
function underneath(operationId: OperationId, key: string): Ways<World> | undefined {
  const request: InWorld = good[operationId]
  switch (key) {
    case '401 expired':
      return later(request, 30 * MINUTE)
    case '500 unexpected':
      return after(request, hideTables)
    case '503 unavailable':
      return [
        after(request, closeStore),
        ...(LOCKED.includes(operationId) ? [after(request, lockDatabase)] : []),
      ]
    // One of several requests may find a place that just became free.
    case '503 busy':
      return async (world) => {
        const ask = await (hashing[operationId] ?? request)(world)
        crowd(world)
        return { ...ask, times: 5 }
      }
    case '429 too_many':
      return async (world) => {
        limit(world)
        const ask = await (counted[operationId] ?? request)(world)
        await world.request(ask.path, ask.request)
        return ask
      }
    case '404 dbsc_off':
      return after(request, (world) => configure(world, { dbsc: 'off' }))
    case '404 off':
      return after(request, ({ service }) => {
        const off = { adminToken: undefined, revocationsToken: undefined, introspectionToken: undefined }
        override(service.core, off)
      })
    case '403 closed':
      return after(request, (world) => configure(world, { registration: 'closed' }))
    case '403 disabled':
      return after(request, (world) => configure(world, { exchangeWindow: 0 }))
    // The example has the minimum of a deployment.
    case '400 short_password':
      return after(withPassword(good[operationId], '14 characters!'), (world) => {
        const { password } = world.service.core.settings
        configure(world, { password: { ...password, minLength: 15 } })
      })
    case '400 username_inside':
      return ['Grace and Ada', 'and ＧＲＡＣＥ, and ＡＤＡ'].map((inside) =>
        withPassword(good[operationId], inside),
      )
    default:
      return undefined
  }
}

/** @returns the ways to a documented response; none is a gap that the test reports */
export const waysInWorld = (operationId: OperationId, key: string): readonly InWorld[] =>
  [own[operationId]?.[key] ?? underneath(operationId, key) ?? waysTo({ operationId, key }) ?? []].flat()

/** `<operation> <key>` of what is an operation's own */
export const ownUnderneath = Object.entries(own).flatMap(([operationId, ways]) =>
  Object.keys(ways).map((key) => `${operationId} ${key}`),
)
