/** Refreshes at a constant rate while the service is given more than it can do. */
import { setTimeout as pause } from 'node:timers/promises'
import { attack } from './hoarder.ts'
import type { Login } from './logins.ts'
import { sendLogins } from './logins.ts'
import type { LoadedService } from './service.ts'
import { USERS } from './service.ts'
import type { SlowConnection } from './slow.ts'
import { holdSlow } from './slow.ts'

/** A name, a figure, and what it must not be: what is printed. Milliseconds, unless the name says otherwise */
export interface Figure {
  readonly name: string
  readonly value: number
  /** Undefined: it is told, and that is all. */
  readonly most?: number
}

export const isOver = ({ value, most }: Figure): boolean => most !== undefined && !(value <= most)

/** Requests or connections; seconds */
export interface Size {
  readonly refreshRate: number
  readonly seconds: number
}

/** Milliseconds */
export interface Limits {
  /** p99 of refreshes */
  readonly refresh: number
  /** p99 of logins that are told to come again */
  readonly refusal: number
  /** p99 of the others */
  readonly login: number
}

const MIB = 2 ** 20

// Seconds of an attack that are told by themselves
const FIRST = 3

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

const refreshes = (name: string, { p50, p99 }: { p50: number; p99: number }, most?: number): Figure[] => [
  { name: `refreshes ${name}: p50`, value: p50 },
  { name: `refreshes ${name}: p99`, value: p99, ...(most !== undefined && { most }) },
]

/** @throws when a refresh is refused */
export async function loadWithLogins(
  service: LoadedService,
  { refreshRate, seconds, rate }: Size & { readonly rate: number },
  limits: Limits,
): Promise<Figure[]> {
  const quiet = await service.refresh(refreshRate, seconds / 4)
  await service.metrics() // The delay of the event loop counts from here.
  const [during, logins] = await Promise.all([
    service.refresh(refreshRate, seconds),
    sendLogins(service.port, rate, seconds),
  ])
  const metrics = await service.metrics()
  const took = (of: number) => logins.filter(({ status }) => status === of).map((login) => login.took)
  const isDocumented = ({ status, retryAfter }: Login) =>
    status === 200 || (status === 503 && Number(retryAfter) >= 1)
  return [
    ...refreshes('before', quiet),
    ...refreshes('meanwhile', during, limits.refresh),
    { name: 'logins sent', value: logins.length },
    { name: 'logins done, a second', value: took(200).length / seconds },
    { name: 'logins done: p50', value: percentile(took(200), 0.5) },
    { name: 'logins done: p99', value: percentile(took(200), 0.99), most: limits.login },
    { name: 'logins told to come again', value: took(503).length },
    { name: 'logins told to come again: p50', value: percentile(took(503), 0.5) },
    { name: 'logins told to come again: p99', value: percentile(took(503), 0.99), most: limits.refusal },
    {
      name: 'logins with any other answer',
      value: logins.filter((login) => !isDocumented(login)).length,
      most: 0,
    },
    { name: 'logins: none done', value: Number(took(200).length === 0), most: 0 },
    ...ofProcess(metrics),
  ]
}

/**
 * Logins with made-up names from random /64s of one /48, and a few right ones from elsewhere, each from another network.
 */
export async function loadFromOneNetwork(
  service: LoadedService,
  { seconds, rate, honestRate }: { seconds: number; rate: number; honestRate: number },
  limits: Pick<Limits, 'login'>,
): Promise<Figure[]> {
  const attacker = (index: number) => {
    const subnet = Math.floor(Math.random() * 0x10000).toString(16)
    return { username: `nobody-${index}`, from: `2001:db8:1:${subnet}::1` }
  }
  const honest = (index: number) => ({
    username: `user-${index % USERS}`,
    from: `10.${index >> 8}.${index & 255}.1`,
  })
  await service.metrics() // The delay of the event loop counts from here.
  const [flood, logins] = await Promise.all([
    sendLogins(service.port, rate, seconds + 1, attacker),
    // The queue is full by then.
    pause(1000).then(() => sendLogins(service.port, honestRate, seconds, honest)),
  ])
  const took = logins.map((login) => login.took)
  const answered = (of: number) => flood.filter(({ status }) => status === of).length
  return [
    { name: 'logins from the /48', value: flood.length },
    { name: 'of them checked, a second', value: answered(401) / (seconds + 1) },
    { name: 'of them told to come again', value: answered(503) },
    { name: 'logins from elsewhere', value: logins.length },
    { name: 'of them not done', value: logins.filter(({ status }) => status !== 200).length, most: 0 },
    { name: 'of them: p50', value: percentile(took, 0.5) },
    { name: 'of them: the slowest', value: Math.max(...took), most: limits.login },
    ...ofProcess(await service.metrics()),
  ]
}

/** @param cut within so many milliseconds, by kind @throws when a refresh is refused */
export async function loadWithSlow(
  service: LoadedService,
  { refreshRate, seconds, connections }: Size & { readonly connections: number },
  limits: Pick<Limits, 'refresh'> & { readonly cut: Readonly<Record<SlowConnection['kind'], number>> },
): Promise<Figure[]> {
  const quiet = await service.refresh(refreshRate, seconds / 4)
  const before = await service.metrics()
  const opened = Promise.withResolvers<void>()
  const holding = holdSlow(service.port, connections, seconds, opened.resolve)
  await Promise.race([opened.promise, holding])
  const [during, standing, slow] = await Promise.all([
    service.refresh(refreshRate, seconds),
    pause(100 * seconds).then(() => service.metrics()),
    holding,
  ])
  await pause(500)
  const after = await service.metrics()
  const files = (metrics: ReadonlyMap<string, number>) => metrics.get('process_open_fds') ?? 0
  const slowest = (of: SlowConnection['kind']) =>
    Math.max(...slow.map(({ kind, lived }) => (kind === of ? (lived ?? Number.POSITIVE_INFINITY) : 0)))
  return [
    ...refreshes('before', quiet),
    ...refreshes('meanwhile', during, limits.refresh),
    { name: 'slow connections', value: slow.length },
    { name: 'slow headers: the last cut after', value: slowest('headers'), most: limits.cut.headers },
    { name: 'slow bodies: the last cut after', value: slowest('body'), most: limits.cut.body },
    { name: 'cut without 408', value: slow.filter(({ status }) => status !== 408).length, most: 0 },
    { name: 'open files before', value: files(before) },
    { name: 'open files meanwhile', value: files(standing) },
    // Connections of refreshes that were kept alive may go meanwhile, too.
    { name: 'open files after, more than before', value: files(after) - files(before), most: 10 },
    {
      name: 'MiB more meanwhile',
      value: (memory(standing) - memory(before)) / MIB,
      most: 50 + connections / 10,
    },
    ...ofProcess(after),
  ]
}

/**
 * @param wait the longest that others may wait, in milliseconds: for what the service does, not for other programs
 * @throws when a refresh of others is refused
 */
export async function loadWithHoarder(
  service: LoadedService,
  { refreshRate, seconds }: Size,
  wait: number,
): Promise<Figure[]> {
  // The first requests open connections and compile code.
  await service.refresh(refreshRate, seconds / 4)
  await service.longestTurn()
  const quiet = await service.refresh(refreshRate, seconds)
  await service.metrics() // The delay of the event loop counts from here.
  const quietTurn = await service.longestTurn()
  const attacking = attack(service.port, seconds + FIRST)
  const first = await service.refresh(refreshRate, FIRST)
  const [during, answers] = await Promise.all([service.refresh(refreshRate, seconds), attacking])
  const metrics = await service.metrics()
  const longestTurn = await service.longestTurn()
  const count = (what: string) =>
    [...answers].reduce((sum, [key, value]) => sum + (key.startsWith(what) ? value : 0), 0)
  return [
    ...refreshes('before', quiet),
    { name: 'refreshes before: p99.9', value: quiet.p999 },
    // The attack opens connections and compiles code of its own.
    ...refreshes(`in the first ${FIRST} s`, first),
    ...refreshes('meanwhile', during),
    { name: 'refreshes meanwhile: p99.9', value: during.p999 },
    { name: 'refreshes: p99.9, more than before', value: during.p999 - quiet.p999 },
    { name: 'longest turn before, CPU', value: quietTurn },
    { name: 'longest turn meanwhile, CPU', value: longestTurn, most: wait },
    ...[...answers].sort().map(([name, value]) => ({ name: `hoarder: ${name}`, value })),
    { name: 'hoarder: no logout_all done', value: Number(count('logout_all 200') === 0), most: 0 },
    ...ofProcess(metrics),
  ]
}

const memory = (metrics: ReadonlyMap<string, number>) => metrics.get('process_resident_memory_bytes') ?? 0

const lag = (metrics: ReadonlyMap<string, number>, which: 'p99' | 'max') => ({
  name: `event loop held up: ${which}`,
  value: 1000 * (metrics.get(`nodejs_eventloop_lag_${which}_seconds`) ?? 0),
})

const ofProcess = (metrics: ReadonlyMap<string, number>): Figure[] => [
  lag(metrics, 'p99'),
  lag(metrics, 'max'),
  { name: 'MiB in memory', value: memory(metrics) / MIB },
]
