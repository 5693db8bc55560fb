// Registers, tries a wrong password, logs in, asks who it is, refreshes and logs out, with the client that OpenAPI Generator
// makes. It writes what it saw as JSON.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	openapi "rekindle"
)

type refusal struct {
	Status  int32  `json:"status"`
	Message string `json:"message"`
	Word    string `json:"word"`
}

type walked struct {
	Username string   `json:"username"`
	Refused  refusal  `json:"refused"`
	Tokens   []string `json:"tokens"`
	Message  string   `json:"message"`
}

func must(_ *http.Response, err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func bearer(token string) context.Context {
	return context.WithValue(context.Background(), openapi.ContextAccessToken, token)
}

func main() {
	url, username, password := os.Args[1], os.Args[2], os.Args[3]
	configuration := openapi.NewConfiguration()
	configuration.Servers = openapi.ServerConfigurations{{URL: url}}
	client := openapi.NewAPIClient(configuration)
	nobody := context.Background()

	registered := *openapi.NewRegisterRequest(username, password)
	_, response, err := client.AccountsApi.Register(nobody).RegisterRequest(registered).Execute()
	must(response, err)

	wrong := *openapi.NewLoginRequest(username, "not this one")
	_, response, err = client.SessionsApi.Login(nobody).LoginRequest(wrong).Execute()
	failure, isFailure := err.(openapi.GenericOpenAPIError)
	if !isFailure {
		log.Fatal("another answer: ", err)
	}
	model := failure.Model().(openapi.Error)
	refused := refusal{model.GetCode(), model.GetMessage(), response.Header.Get("Rekindle-Error")}

	right := *openapi.NewLoginRequest(username, password)
	opened, response, err := client.SessionsApi.Login(nobody).LoginRequest(right).Execute()
	must(response, err)
	user, response, err := client.AccountsApi.Me(bearer(opened.Data.AccessToken)).Execute()
	must(response, err)
	first := opened.Data.GetRefreshToken()
	refreshed, response, err := client.TokensApi.RefreshToken(bearer(first)).Execute()
	must(response, err)
	second := refreshed.Data.GetRefreshToken()
	// MISTAKE
	ended, response, err := client.SessionsApi.Logout(bearer(second)).Execute()
	must(response, err)

	result := walked{user.Data.Username, refused, []string{first, second}, ended.Data.Message}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}
