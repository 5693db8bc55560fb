/** Provokes the documented responses of a server that keeps state, and checks the rules between them. */
import type { Accounts } from './account.ts'
import { NoAnswer } from './connection.ts'
import type { Example } from './examples.ts'
import { exampleOf, examples } from './examples.ts'
import type { Findings } from './findings.ts'
import { waysTo } from './provocations/index.ts'
import type { Actor, Provocation } from './provocations/provocation.ts'
import { Unprepared } from './provocations/provocation.ts'
import { mayBeInstead, needsAdmin, reasonFor } from './reasons.ts'
import type { Rule } from './rule.ts'
import { Broken, expecting } from './rule.ts'
import { rules } from './rules.ts'

// These end the sessions of the account, where there is only one.
const ENDING = /^(logoutAll|changePassword) 200 /

// The tokens of these are those of APIs, which this command does not take.
const VERIFYING = /^(introspect|listRevocations) (?!405)/

const isEnding = ({ operationId, key }: Example) => ENDING.test(`${operationId} ${key}`)

/** All documented responses, those last that end the sessions of the account */
export async function provokeAll(accounts: Accounts, findings: Findings, rotation: boolean): Promise<void> {
  const standing = await accounts.session()
  for (const example of [...examples.filter((one) => !isEnding(one)), ...examples.filter(isEnding)]) {
    const ways = [waysTo(example) ?? []].flat()
    const obstacle = ways.length === 0 ? reasonFor(example) : obstacleTo(example, accounts, rotation)
    if (obstacle !== undefined) findings.missed(example, obstacle)
    else
      for (const way of ways)
        await provoke(example, way, accounts, findings, changes(example) ? undefined : standing)
  }
}

function obstacleTo(example: Example, { hasAdmin, isOwn }: Accounts, rotation: boolean): string | undefined {
  const { operationId, status, key } = example
  if (needsAdmin(example) && !hasAdmin) return 'needs ADMIN_TOKEN'
  if (VERIFYING.test(`${operationId} ${key}`)) return 'needs REVOCATIONS_TOKEN or INTROSPECTION_TOKEN'
  // The account of the run was registered before.
  if (operationId === 'register' && status === 201)
    return isOwn ? 'registration is closed' : 'an account was given'
  if (operationId === 'changePassword' && status === 200 && !isOwn && !hasAdmin)
    return 'the password of a given account stays'
  return operationId === 'refreshToken' && key === '200 header' && !rotation ? 'rotation is off' : undefined
}

// Refusals change nothing, and most of what is read neither.
const changes = ({ operationId, status }: Example) =>
  status < 400 &&
  (!/^(me|list|get|jwks|issuerMetadata|livez|readyz|openapi|docs)/.test(operationId) ||
    operationId === 'listEvents')

async function provoke(
  example: Example,
  way: Provocation,
  accounts: Accounts,
  findings: Findings,
  standing: Actor | undefined,
): Promise<void> {
  try {
    await accounts.endOpened()
    const { path, request } = await way(standing ?? (await accounts.fresh()))
    const answer = await accounts.request(path, request)
    const got = exampleOf(example.operationId, answer)
    if (got === example) {
      // The method that a path does not have is answered for all its operations.
      findings.reached.add(example)
      return
    }
    const said = got?.key ?? `${answer.status}, which it should not be`
    if (mayBeInstead(example.key, said)) findings.missed(example, `the server answered ${said}`)
    else
      findings.failed(
        { operationId: example.operationId, status: answer.status },
        example,
        `expected ${example.key}, and it was ${said}`,
      )
  } catch (error) {
    if (error instanceof NoAnswer) findings.failed(example, example, error.message)
    else if (error instanceof Unprepared) findings.missed(example, error.message)
    else throw error
  }
}

export async function checkRules(accounts: Accounts, findings: Findings, rotation: boolean): Promise<void> {
  const expect = expecting(accounts)
  for (const { name, needs, check } of rules) {
    const obstacle = without(needs, accounts, rotation)
    if (obstacle !== undefined) {
      findings.rule(name, 'not checked', obstacle)
      continue
    }
    try {
      await check(expect, await accounts.fresh())
      findings.rule(name, 'holds')
    } catch (error) {
      if (error instanceof Unprepared) findings.rule(name, 'not checked', error.message)
      else if (error instanceof Broken) {
        findings.rule(name, 'broken', error.message)
        findings.differ(error.operation, error.status, `${error.message} (${name})`)
      } else if (error instanceof NoAnswer) {
        findings.rule(name, 'broken', error.message)
        findings.differ('unknown', null, `${error.message} (${name})`)
      } else throw error
    }
  }
}

function without(needs: Rule['needs'], { hasAdmin, isOwn }: Accounts, rotation: boolean): string | undefined {
  if (needs === 'admin' && !hasAdmin) return 'needs ADMIN_TOKEN'
  if (needs === 'own' && !isOwn && !hasAdmin) return 'the password of a given account stays'
  if (needs === 'rotation' && !rotation) return 'rotation is off'
  return undefined
}
