/** A page that shows who is logged in, in every tab. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import { logIn, logOut, session } from './session.ts'

// The server renders without knowing the user. The first rendering in the browser must give the same.
const first = session.state

/** The hook: `status`, `user`, and how the last session has `ended` */
export const useSession = () =>
  useSyncExternalStore(
    session.subscribe,
    () => session.state,
    () => first,
  )

export function Login() {
  const { ended } = useSession()
  const [failure, setFailure] = useState<string>()
  async function submit(form: FormData) {
    const [username, password] = [String(form.get('username')), String(form.get('password'))]
    setFailure(await logIn(username, password).catch(() => 'No answer. Please try again.'))
  }
  return (
    <form action={submit}>
      <p role="alert">{failure ?? ended?.message}</p>
      <input name="username" aria-label="Username" autoComplete="username" required />
      <input name="password" aria-label="Password" type="password" autoComplete="current-password" required />
      <button type="submit">Log in</button>
    </form>
  )
}

function Things() {
  const [things, setThings] = useState<string[]>([])
  const [failure, setFailure] = useState<string>()
  useEffect(() => {
    const leaving = new AbortController()
    session
      .fetch('/api/things', { signal: leaving.signal })
      .then(async (response) =>
        response.ok ? setThings(await response.json()) : setFailure(response.statusText),
      )
      .catch((error: Error) => leaving.signal.aborted || setFailure(error.message))
    return () => leaving.abort()
  }, [])
  return failure ? <p role="alert">{failure}</p> : things.map((thing) => <p key={thing}>{thing}</p>)
}

export function App() {
  const { status, user } = useSession()
  if (status === 'pending') return <p>One moment…</p>
  if (status === 'loggedOut') return <Login />
  // With the key, nothing of one user is shown to the next.
  return (
    <main key={user?.id}>
      <h1>{user?.id}</h1>
      <Things />
      <button type="button" onClick={logOut}>
        Log out
      </button>
    </main>
  )
}
