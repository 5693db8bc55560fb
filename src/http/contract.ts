/** The contract's operations as types: a handler that answers with anything undocumented does not compile. */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { output, ZodType } from 'zod'
import type { Messages } from '../../generated/errors.ts'
import type { routes } from '../../generated/routes.ts'
import type { operations } from '../../generated/types.ts'
import type { Authentication } from '../sessions/authenticate.ts'

// `operations` also has the webhook, which this service sends.
export type OperationId = keyof typeof routes

type Status<Id extends OperationId> = keyof operations[Id]['responses'] & number
type Content<Id extends OperationId, S extends Status<Id>> = operations[Id]['responses'][S] extends {
  content: infer Types
}
  ? Types
  : never
type Json<Id extends OperationId, S extends Status<Id>> =
  Content<Id, S> extends { 'application/json': infer Body } ? Body : never
type Data<Id extends OperationId, S extends Status<Id>> =
  Json<Id, S> extends { status: 'success'; data: infer Value } ? Value : never
type Message<Id extends OperationId, S extends Status<Id>> = S extends keyof Messages[Id]
  ? Messages[Id][S]
  : never
// The `errors` member, if the response documents one
type Errors<Id extends OperationId, S extends Status<Id>> =
  Json<Id, S> extends { errors: infer Value } ? [errors: Value] : []

/** The documented statuses without a body */
type Empty<Id extends OperationId> = {
  [S in Status<Id>]: operations[Id]['responses'][S] extends { content?: never } ? S : never
}[Status<Id>]

/** The operations that document this failure */
export type OperationWith<S extends number, M extends string> = {
  [Id in OperationId]: S extends Status<Id> ? (M extends Message<Id, S> ? Id : never) : never
}[OperationId]

declare const documented: unique symbol

/** One of the operation's documented responses. Only the functions of {@link Respond} make one. */
export interface Reply<Id extends OperationId> {
  readonly [documented]: Id
}

/** Makes replies. The compiler checks the arguments against the contract and refuses excess members. */
export interface Respond<Id extends OperationId> {
  /** `{"status": "success", "code", "data"}` */
  readonly success: <S extends Status<Id>>(status: S, data: Data<Id, S>) => Reply<Id>
  /** `{"status": "error", "code", "message"}`, with `errors` where they are documented, and the word of `Rekindle-Error` */
  readonly failure: <S extends Status<Id>>(
    status: S,
    message: Message<Id, S>,
    ...errors: Errors<Id, S>
  ) => Reply<Id>
  /** A JSON body without an envelope */
  readonly json: <S extends Status<Id>>(status: S, body: Json<Id, S>) => Reply<Id>
  /** A body that is sent unchanged */
  readonly raw: <S extends Status<Id>>(
    status: S,
    type: keyof Content<Id, S>,
    body: string | Uint8Array,
  ) => Reply<Id>
  /** A response without a body */
  readonly empty: (status: Empty<Id>) => Reply<Id>
}

/** The validated request. */
export interface Input<Id extends OperationId> {
  readonly body: operations[Id] extends { requestBody: { content: infer Types } }
    ? Types[keyof Types]
    : undefined
  readonly path: operations[Id]['parameters'] extends { path: infer Value } ? Value : undefined
  /** With defaults applied */
  readonly query: (typeof routes)[Id] extends { request: { query: infer Schema extends ZodType } }
    ? output<Schema>
    : undefined
}

/** The user and the session of a valid access token, or of a superseded one that may repeat a password change */
export type Access = Extract<Authentication, { outcome: 'authenticated' | 'superseded' }>

export interface Env {
  Bindings: HttpBindings
  Variables: {
    requestId: string
    /** The client's address. Null without node-server. */
    address: string | null
    /** The user and the session of the access token, for operations that require one */
    access: Access
    /** The thumbprint of the key that a login proves */
    jkt?: string
    /** Whether a token to introspect was not ours, so that the limit counts it */
    isForged?: boolean
    /** The writes of the request's events. The answer waits for them. */
    recorded?: Promise<unknown>
    /** The outcome of the request, for its line in the log */
    outcome?: object
    /** The message of a failure, for the same line */
    error?: string
    /** The headers of the response. node-server writes a plain object without copying it. */
    headers: Record<string, string>
  }
}

export type Handler<Id extends OperationId> = (
  c: Context<Env>,
  operation: Input<Id> & Respond<Id>,
) => Reply<Id> | Promise<Reply<Id>>

/** One handler for each `operationId` of the contract. */
export type Handlers = { readonly [Id in OperationId]: Handler<Id> }
