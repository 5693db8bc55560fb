/** Milliseconds by our own clock, for a server that hangs or is unreachable. The request then gets 503. */
export const QUERY_TIMEOUT = 2500

// invalid_sql_statement_name and duplicate_prepared_statement: a pooler gave us another server connection.
const MIXED_UP: readonly string[] = ['26000', '42P05']

// SQLSTATEs (PostgreSQL, appendix A) of temporary failures
const PASSING = new Set([
  '08P01', // protocol_violation: PgBouncer reports its own errors so
  ...MIXED_UP,
  '08000', // connection_exception, with 08001 to 08006
  '08001',
  '08003',
  '08004',
  '08006',
  '25006', // read_only_sql_transaction: a standby, or a server that is being replaced
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  '40001', // serialization_failure, after all retries
  '40P01', // deadlock_detected, after all retries
  '53000', // insufficient_resources
  '53100', // disk_full
  '53200', // out_of_memory
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57014', // query_canceled: too slow
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P04', // database_dropped
  '57P05', // idle_session_timeout
  '58000', // system_error
  '58030', // io_error
  'XX001', // data_corrupted
  'XX002', // index_corrupted
])

const NETWORK = /^(E(CONN(REFUSED|RESET|ABORTED)|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND)|EAI_AGAIN)$/

// pg has no codes for these.
const CONNECTION = /^Connection terminated|is not queryable$|^Query read timeout$/

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Whether a failure is temporary, so that a retry may succeed. All others are defects. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return PASSING.has(code) || NETWORK.test(code) || (error instanceof Error && CONNECTION.test(error.message))
}

/** Whether a pooler makes prepared statements impossible */
export const isMixedUp = (error: unknown) => MIXED_UP.includes(codeOf(error))

/** Whether the server has not answered in time. It may still be working. */
export const isSilent = (error: unknown) => error instanceof Error && error.message === 'Query read timeout'

/**
 * Whether the connection can no longer be used: the server shuts down, became a standby, or has not answered yet, so that
 * its late answer would be taken for that of the next query.
 */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error)
  return /^(25006|57P0.|08...)$/.test(code) || (error instanceof Error && CONNECTION.test(error.message))
}
