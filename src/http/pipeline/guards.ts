/** Checks, limits and authentication of each operation. */
import { mayRepeatChange } from '../../users/change-password.ts'
import type { Handlers, OperationId } from '../contract.ts'
import type { Core } from '../core.ts'
import { requireAdminToken } from './admin-access.ts'
import type { Check } from './checks.ts'
import { requireForm, requireJson } from './checks.ts'
import { refuseCrossSite, refuseCrossSiteLogin } from './cross-site.ts'
import {
  limitIntrospections,
  limitLogins,
  limitPasswordChanges,
  limitRefusedTokens,
  limitRegistrations,
  UNAUTHORIZED,
} from './limits.ts'
import { proveLogin } from './proofs.ts'
import { requireAccess } from './require-access.ts'
import { requireResetToken } from './require-reset-token.ts'
import { inTurn } from './turns.ts'
import { requireIntrospectionToken, requireRevocationsToken } from './verification-access.ts'

/** Checks run in this order before the body is read and validated. */
export const CHECKS: { readonly [Id in OperationId]: readonly Check[] } = {
  refreshToken: [refuseCrossSite],
  exchangeToken: [refuseCrossSite, requireJson],
  register: [refuseCrossSite, requireJson],
  login: [refuseCrossSite, requireJson],
  logout: [refuseCrossSite],
  logoutAll: [refuseCrossSite],
  changePassword: [refuseCrossSite, requireJson],
  registerDevice: [refuseCrossSite],
  refreshDevice: [refuseCrossSite],
  revoke: [requireForm],
  // APIs have no cookie either.
  introspect: [requireIntrospectionToken, requireForm],
  listRevocations: [requireRevocationsToken],
  resetPassword: [refuseCrossSite, requireJson],
  me: [],
  listSessions: [],
  endSession: [refuseCrossSite],
  // Administration ignores the cookie, so other sites cannot use it.
  listUsers: [requireAdminToken],
  createUser: [requireAdminToken, requireJson],
  getUser: [requireAdminToken],
  deleteUser: [requireAdminToken],
  deactivateUser: [requireAdminToken],
  activateUser: [requireAdminToken],
  setUserPassword: [requireAdminToken, requireJson],
  requestPasswordReset: [requireAdminToken],
  setUserClaims: [requireAdminToken, requireJson],
  renameUser: [requireAdminToken, requireJson],
  explainUserSessions: [requireAdminToken],
  listUserSessions: [requireAdminToken],
  openUserSession: [requireAdminToken, requireJson],
  endUserSessions: [requireAdminToken],
  endUserSession: [requireAdminToken],
  listEvents: [requireAdminToken],
  jwks: [],
  issuerMetadata: [],
  livez: [],
  readyz: [],
  openapi: [],
  docs: [],
  docsAsset: [],
}

/** Adds what runs after validation: turns, limits and access tokens. The outermost function runs first. */
export function guarded(core: Core, handlers: Handlers): Handlers {
  const isOpen = () => core.settings.registration === 'open'
  return {
    ...handlers,
    refreshToken: limitRefusedTokens(core, handlers.refreshToken),
    exchangeToken: limitRefusedTokens(core, handlers.exchangeToken),
    logout: limitRefusedTokens(core, handlers.logout),
    registerDevice: limitRefusedTokens(core, handlers.registerDevice),
    refreshDevice: limitRefusedTokens(core, handlers.refreshDevice),
    register: inTurn(core, limitRegistrations(core, handlers.register), isOpen),
    login: refuseCrossSiteLogin(core, proveLogin(core, inTurn(core, limitLogins(core, handlers.login)))),
    changePassword: requireAccess(
      core,
      inTurn(core, limitPasswordChanges(core, handlers.changePassword)),
      (access) => mayRepeatChange(core, access),
    ),
    // Its turn comes last, so that made-up tokens take none.
    resetPassword: limitRefusedTokens(
      core,
      requireResetToken(core, inTurn(core, handlers.resetPassword)),
      UNAUTHORIZED,
    ),
    createUser: inTurn(core, handlers.createUser, ({ body }) => body.password !== undefined),
    setUserPassword: inTurn(core, handlers.setUserPassword),
    logoutAll: requireAccess(core, handlers.logoutAll),
    introspect: limitIntrospections(core, handlers.introspect),
    me: requireAccess(core, handlers.me),
    listSessions: requireAccess(core, handlers.listSessions),
    endSession: requireAccess(core, handlers.endSession),
  }
}
