/** Queries that belong to a user: nobody sees what was loaded for somebody else. */
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { Login, useSession } from './react.tsx'
import { logOut, session } from './session.ts'

class HttpError extends Error {
  readonly status: number
  constructor({ status, statusText }: Response) {
    super(`${status} ${statusText}`)
    this.status = status
  }
}

export const queries = new QueryClient({
  defaultOptions: {
    // `session.fetch` has already repeated what a refresh can mend.
    queries: {
      retry: (failures, error) => failures < 3 && !(error instanceof HttpError && error.status < 500),
    },
  },
})

let owner: string | undefined
session.subscribe(({ user }) => {
  if (owner && owner !== user?.id) queries.clear()
  owner = user?.id
})

/** `useQuery` for an address of the API. The key begins with the user, so the next one has queries of their own. */
export function useApi<T>(path: string) {
  const { user } = useSession()
  return useQuery({
    queryKey: [user?.id, path],
    enabled: user !== undefined,
    queryFn: async ({ signal }): Promise<T> => {
      const response = await session.fetch(path, { signal })
      if (!response.ok) throw new HttpError(response)
      return response.json()
    },
  })
}

function Thing({ id }: { id: number }) {
  const { data, error } = useApi<{ text: string }>(`/api/things/${id}`)
  return <p>{error ? error.message : data?.text}</p>
}

export function App() {
  const { status } = useSession()
  if (status !== 'loggedIn') return status === 'pending' ? null : <Login />
  return (
    <QueryClientProvider client={queries}>
      {Array.from({ length: 20 }, (_, id) => (
        <Thing key={String(id)} id={id} />
      ))}
      <button type="button" onClick={logOut}>
        Log out
      </button>
    </QueryClientProvider>
  )
}
