package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// hookForge is the API of a forge as far as hooks go: it keeps them as they are sent.
type hookForge struct {
	*httptest.Server

	kind    string
	mutex   sync.Mutex
	hooks   []map[string]any
	made    int
	refuse  string // a method that is refused
	strange []string
}

func newHookForge(t *testing.T, kind string) *hookForge {
	t.Helper()

	f := &hookForge{kind: kind}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// idField is what the forge calls the id of a hook.
func (f *hookForge) idField() string {
	if f.kind == forge.BitbucketCloud {
		return "uuid"
	}
	return "id"
}

func (f *hookForge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if secret := r.Header.Get("Authorization") + r.Header.Get("Private-Token"); !strings.HasSuffix(secret, "a forge's token") {
		f.strange = append(f.strange, "asked with "+secret)
	}
	if r.Method == f.refuse {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message":"not with this token"}`)
		return
	}
	body := map[string]any{}
	if r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			f.strange = append(f.strange, "sent no JSON: "+err.Error())
		}
	}
	list := strings.HasSuffix(r.URL.Path, "hooks")
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	at := slices.IndexFunc(f.hooks, func(hook map[string]any) bool { return hook[f.idField()] == id })
	switch {
	case r.Method == http.MethodGet && list && strings.HasPrefix(f.kind, "bitbucket"):
		f.answer(w, map[string]any{"values": append([]map[string]any{}, f.hooks...), "isLastPage": true})
	case r.Method == http.MethodGet && list:
		f.answer(w, append([]map[string]any{}, f.hooks...))
	case r.Method == http.MethodGet:
		f.answer(w, map[string]any{
			"id": 77, "uuid": "{77}", "full_name": "acme/rocket", "path_with_namespace": "acme/rocket", "slug": "rocket", "project": map[string]any{"key": "acme"},
		})
	case r.Method == http.MethodPost && list:
		f.made++
		body[f.idField()] = fmt.Sprintf("hook-%d", f.made)
		f.hooks = append(f.hooks, body)
		w.WriteHeader(http.StatusCreated)
		f.answer(w, body)
	case at < 0:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		f.hooks = slices.Delete(f.hooks, at, at+1)
		w.WriteHeader(http.StatusNoContent)
	default:
		body[f.idField()] = id
		f.hooks[at] = body
		f.answer(w, body)
	}
}

func (f *hookForge) answer(w io.Writer, what any) {
	if err := json.NewEncoder(w).Encode(what); err != nil {
		f.strange = append(f.strange, err.Error())
	}
}

// spoil changes the hook that is kept.
func (f *hookForge) spoil(name string, value any) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.hooks[0][name] = value
}

// says runs a command line that ends with the code, and checks that it prints what is wanted.
func says(t *testing.T, code int, line string, want ...string) string {
	t.Helper()

	out, err := accolade(t, strings.Fields(line)...)
	if err != nil {
		out += err.Error()
	}
	if codeOf(err) != code {
		t.Errorf("accolade %s ends with %v", line, err)
	}
	for _, each := range want {
		if !strings.Contains(out, each) {
			t.Errorf("accolade %s prints %q, want %q in it", line, out, each)
		}
	}
	return out
}

//nolint:paralleltest // it sets the environment and takes the standard output
func TestSourcesOnTheCommandLine(t *testing.T) {
	for _, kind := range []string{forge.GitHub, forge.GitLab, forge.Gitea, forge.Forgejo, forge.BitbucketCloud, forge.BitbucketServer} {
		t.Run(kind, func(t *testing.T) {
			api := newHookForge(t, kind)
			door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost || r.URL.Path != "/hooks/"+kind {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer door.Close()
			dir := t.TempDir()
			file, token, secret := filepath.Join(dir, "accolade.yaml"), filepath.Join(dir, "token"), filepath.Join(dir, kind+".secret")
			const before = "# ours\nbase_url: https://accolade.example.com # public\n"
			if err := os.WriteFile(file, []byte(before), 0o640); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(token, []byte("a forge's token\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("ACCOLADE_CONFIG", file)
			add := "source add " + kind + " --project acme/rocket --api-url " + api.URL + " --token-file " + token + " --url " + door.URL

			says(t, 0, add+" --dry-run", "+   - name: "+kind)
			if text, _ := os.ReadFile(file); string(text) != before || len(api.hooks) > 0 {
				t.Fatalf("a dry run has changed something: %s", text)
			}
			says(t, 0, add, "is in "+file, "the hook of acme/rocket is made")
			checkMade(t, api, file, secret, door.URL+"/hooks/"+kind)
			says(t, 0, add, "already", "the hook of acme/rocket is there already")
			says(t, 0, "source list", kind, "acme/rocket", "yes")
			if out := says(t, 0, "source list --output json", `"token": true`); strings.Contains(out, "forge's") {
				t.Errorf("the list shows a token: %s", out)
			}
			says(t, 0, "source check --url "+door.URL, "tells of everything", "knows the token", "refuses what is not signed")
			says(t, 1, "source check --url "+door.URL+"/elsewhere", "does not know the source", "has no hook")
			api.spoil("active", false)
			api.spoil("alert_status", "disabled") // GitLab's word for it.
			says(t, 1, "source check --url "+door.URL+" --output json", `"ok": false`, "is switched off", "accolade source add "+kind)
			says(t, 0, add, "the hook of acme/rocket is mended")
			says(t, 0, "source check --url "+door.URL+" "+kind, "tells of everything")

			checkRemoval(t, api, kind, door.URL, file, before)
			if len(api.strange) > 0 {
				t.Errorf("the forge was asked strangely: %q", api.strange)
			}
		})
	}
}

// checkRemoval removes the source and its hook, at the second try.
func checkRemoval(t *testing.T, api *hookForge, kind, address, file, before string) {
	t.Helper()

	api.refuse = http.MethodDelete
	says(t, 1, "source remove "+kind+" --url "+address, "not with this token", "--keep-hooks")
	api.refuse = ""
	says(t, 0, "source remove "+kind+" --url "+address+" --dry-run", "would delete the hook of acme/rocket")
	says(t, 0, "source remove "+kind+" --url "+address, "the hook of acme/rocket is deleted", "is removed")
	if text, _ := os.ReadFile(file); string(text) != before+"sources:\n" || len(api.hooks) > 0 {
		t.Errorf("after removing, the file is %q and there are %d hooks", text, len(api.hooks))
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), kind+".secret")); err == nil {
		t.Error("the secret is still there")
	}
	says(t, 1, "source remove "+kind, "there is no source")
}

func checkMade(t *testing.T, api *hookForge, file, secretFile, address string) {
	t.Helper()

	secret, err := os.ReadFile(secretFile)
	if err != nil || len(strings.TrimSpace(string(secret))) != 64 {
		t.Fatalf("the secret is %q: %v", secret, err)
	}
	for path, mode := range map[string]os.FileMode{secretFile: 0o600, file: 0o640} {
		if path == "" {
			continue
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has the permissions %v: %v", path, info.Mode(), err)
		}
	}
	sent, err := json.Marshal(api.hooks)
	if err != nil || len(api.hooks) != 1 {
		t.Fatalf("the hooks are %s: %v", sent, err)
	}
	for _, want := range []string{address, strings.TrimSpace(string(secret))} {
		if !strings.Contains(string(sent), want) {
			t.Errorf("the hook is made as %s, want %q in it", sent, want)
		}
	}
}

//nolint:paralleltest // it sets the environment and takes the standard output
func TestSourcesAddedByHand(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "new.yaml")
	t.Setenv("ACCOLADE_CONFIG", "")
	says(t, 1, "source list", "which configuration file?")
	t.Setenv("ACCOLADE_CONFIG", file)
	says(t, 1, "source add github hub", "base_url")
	says(t, 0, "source add github hub --url https://accolade.example.com", "already", "https://accolade.example.com/hooks/hub", "docs/forges/github.md")
	says(t, 1, "source add gitlab hub --url https://accolade.example.com", "of github")
	says(t, 1, "source add nothing --url https://accolade.example.com", "must be one of")
	says(t, 1, "source add gitlab lab --url https://accolade.example.com --token-file "+filepath.Join(dir, "none"), "reading the token")
	if err := os.WriteFile(file, []byte("sources: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, 1, "source add gitea --url https://accolade.example.com", "one below the other")
	says(t, 1, "source check", "accolade source add")

	// What the forge refuses leaves a good configuration, and the same command again goes on.
	api := newHookForge(t, forge.GitHub)
	api.refuse = http.MethodPost
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("a forge's token"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	add := "source add github --project acme/rocket --api-url " + api.URL + " --token-file " + token + " --url https://accolade.example.com"
	says(t, 1, add, "not with this token", "run the same command again")
	says(t, 0, "config check")
	api.refuse = ""
	says(t, 0, add, "the hook of acme/rocket is made")
}

// A source that was added by hand is completed by the same command, and keeps its secret.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestSourcesCompleted(t *testing.T) {
	dir := t.TempDir()
	file, token := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "token")
	t.Setenv("ACCOLADE_CONFIG", file)
	api := newHookForge(t, forge.GitHub)
	if err := os.WriteFile(token, []byte("a forge's token"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, 0, "source add github --url https://accolade.example.com", "Make a webhook on the forge")
	add := "source add github --project acme/rocket --api-url " + api.URL + " --token-file " + token + " --url https://accolade.example.com"
	says(t, 0, add+" --dry-run", "+     token_file: ", "would see to the hook of acme/rocket")
	says(t, 0, add, "its entry is completed", "the hook of acme/rocket is made")
	checkMade(t, api, "", filepath.Join(dir, "github.secret"), "https://accolade.example.com/hooks/github")
	says(t, 0, add, "is there already")
	says(t, 0, "source list", "acme/rocket", "yes")
}
