package server_test

import (
	"bytes"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOnlyWhatIsSentChanges(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		d.achievement("acme", "Taken", "repeatable")
		want := d.must(http.StatusOK, "", "GET", badge, nil).object
		d.clock.Advance(time.Second)
		for field, value := range map[string]any{"name": "Other", "description": "Said.", "kind": "revocable"} {
			got := d.must(http.StatusOK, adminToken, "PATCH", badge, map[string]any{field: value})
			want[field], want["updated_at"] = value, got.object["updated_at"]
			same(t, "after a change of "+field, got.object, want)
		}
		same(t, "read again", d.must(http.StatusOK, "", "GET", badge, nil).object, want)
		sent := d.form(adminToken, "PATCH", badge, map[string]string{"description": ""}, nil)
		want["description"], want["updated_at"] = "", sent.object["updated_at"]
		same(t, "after a form with an empty description", sent.object, want)
		d.must(http.StatusOK, adminToken, "PATCH", badge, map[string]any{"name": "OTHER"})
		d.refused(http.StatusConflict, "name_taken", adminToken, "PATCH", badge, map[string]any{"name": "taken"})
		d.refused(http.StatusBadRequest, "invalid", adminToken, "PATCH", badge, map[string]any{"name": ""})
		d.refused(http.StatusBadRequest, "invalid", adminToken, "PATCH", badge, map[string]any{"kind": "once"})
	})
}

// Each change of kind, by the awards that were given before it.
func TestAKindChangesWhenTheAwardsAllowIt(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.person("grace")
		d.namespace("acme", "public")
		for name, tc := range map[string]struct {
			from, to string
			given    string // "a" ada, "g" grace; in upper case revoked
			allowed  bool
		}{
			"nothing given":                    {"repeatable", "irrevocable", "", true},
			"once each":                        {"repeatable", "irrevocable", "ag", true},
			"twice":                            {"repeatable", "irrevocable", "aa", false},
			"a revoked one":                    {"repeatable", "irrevocable", "A", false},
			"once at a time":                   {"repeatable", "revocable", "AAag", true},
			"twice at a time":                  {"repeatable", "revocable", "aag", false},
			"a revoked one, for good":          {"revocable", "irrevocable", "A", false},
			"one that stands, for good":        {"revocable", "irrevocable", "a", true},
			"often what was once at a time":    {"revocable", "repeatable", "AAa", true},
			"often what was once for good":     {"irrevocable", "repeatable", "ag", true},
			"revocable what was once for ever": {"irrevocable", "revocable", "ag", true},
		} {
			badge := d.achievement("acme", name, tc.from)
			for _, who := range tc.given {
				username := map[string]string{"a": "ada", "g": "grace"}[strings.ToLower(string(who))]
				award := d.award(badge, username)
				if who < 'a' {
					d.must(http.StatusOK, adminToken, "POST", award+"/revoke", nil)
				}
			}
			before := d.must(http.StatusOK, adminToken, "GET", badge+"/awards?state=all", nil).items()
			if !tc.allowed {
				got := d.refused(http.StatusConflict, "kind_in_use", adminToken, "PATCH", badge, map[string]any{"kind": tc.to})
				if culprit := before[min(1, len(before)-1)].id(); !strings.HasSuffix(got.object["detail"].(string), ": "+culprit) {
					t.Errorf("%s: the refusal does not name award %s: %s", name, culprit, got.text)
				}
				continue
			}
			d.must(http.StatusOK, adminToken, "PATCH", badge, map[string]any{"kind": tc.to})
			after := d.must(http.StatusOK, adminToken, "GET", badge+"/awards?state=all", nil).items()
			same(t, name+": how many awards there are", len(after), len(before))
			if tc.to == "repeatable" {
				d.award(badge, "ada")
			} else if strings.Contains(tc.given, "a") {
				d.refused(http.StatusConflict, "already_awarded", adminToken, "POST", badge+"/awards", map[string]any{"user": "ada"})
			}
		}
	})
}

func TestDeletingAnAchievementDeletesItsAwards(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.namespace("acme", "public")
		badge, other := d.achievement("acme", "Badge", "repeatable"), d.achievement("acme", "Other", "repeatable")
		standing, revoked, kept := d.award(badge, "ada"), d.award(badge, "ada"), d.award(other, "ada")
		d.must(http.StatusOK, adminToken, "POST", revoked+"/revoke", nil)
		d.must(http.StatusNoContent, adminToken, "DELETE", badge, nil)
		for _, path := range []string{badge, standing, revoked} {
			d.refused(http.StatusNotFound, "not_found", adminToken, "GET", path, nil)
		}
		d.must(http.StatusOK, "", "GET", kept, nil)
		same(t, "what is on the profile", len(d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil).items()), 1)
		d.achievement("acme", "Badge", "irrevocable") // the name is free again
	})
}

func TestAvatars(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		badge := d.decorated("acme", "Badge")
		address, _ := d.must(http.StatusOK, "", "GET", badge, nil).object["avatar_url"].(string)
		path, found := strings.CutPrefix(address, d.url)
		if !found {
			t.Fatalf("the avatar is at %q", address)
		}
		got := d.must(http.StatusOK, "", "GET", path, nil)
		if picture, err := png.Decode(bytes.NewReader([]byte(got.text))); err != nil || picture.Bounds().Dx() != 1 {
			t.Errorf("the picture is %v, %v", picture, err)
		}
		for name, want := range map[string]string{
			"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
		} {
			same(t, name, got.header.Get(name), want)
		}
		tag := got.header.Get("ETag")
		if again := d.with(map[string]string{"If-None-Match": tag}, "", "GET", path, nil); again.status != http.StatusNotModified || again.text != "" {
			t.Errorf("with the tag, it answers %d %q", again.status, again.text)
		}
		same(t, "caching without the hash", d.must(http.StatusOK, "", "GET", badge+"/avatar", nil).header.Get("Cache-Control"), "no-cache")
		same(t, "caching with another hash", d.must(http.StatusOK, "", "GET", badge+"/avatar?v=00", nil).header.Get("Cache-Control"), "no-cache")

		twin := d.decorated("acme", "Twin")
		d.must(http.StatusNoContent, adminToken, "DELETE", badge+"/avatar", nil)
		d.refused(http.StatusNotFound, "not_found", "", "GET", path, nil)
		same(t, "the address of no avatar", d.must(http.StatusOK, "", "GET", badge, nil).object["avatar_url"], any(nil))
		d.must(http.StatusNoContent, adminToken, "DELETE", badge+"/avatar", nil)
		d.must(http.StatusOK, "", "GET", twin+"/avatar", nil) // has the same picture, which is kept once
		if got := d.form(adminToken, "PATCH", badge, nil, onePixel); got.status != http.StatusOK || got.object["avatar_url"] != address {
			t.Errorf("the picture again: %d %s", got.status, got.text)
		}
	})
}

func TestAvatarsOfPrivateNamespaces(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "private")
	ada, grace := d.person("ada"), d.person("grace")
	badge := d.decorated("acme", "Badge")
	d.refused(http.StatusNotFound, "not_found", ada, "GET", badge+"/avatar", nil)
	award := d.award(badge, "ada")
	got := d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil).items()[0]
	address, _ := got.at("achievement", "avatar_url").(string)
	path := strings.TrimPrefix(address, d.url)
	same(t, "caching while it is on a public profile", d.must(http.StatusOK, "", "GET", path, nil).header.Get("Cache-Control"),
		"public, max-age=31536000, immutable")
	d.must(http.StatusOK, ada, "PATCH", award, map[string]any{"show_on_profile": false})
	d.refused(http.StatusNotFound, "not_found", grace, "GET", path, nil)
	same(t, "caching for the holder alone", d.must(http.StatusOK, ada, "GET", path, nil).header.Get("Cache-Control"),
		"private, max-age=31536000, immutable")
}

func TestBadForms(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	const path = "/api/v1/namespaces/acme/achievements"
	named := map[string]string{"name": "Badge"}
	for name, tc := range map[string]struct {
		texts  map[string]string
		avatar []byte
		status int
		want   string
	}{
		"no name":          {nil, onePixel, http.StatusBadRequest, "name required"},
		"an unknown field": {map[string]string{"name": "Badge", "nome": "x"}, nil, http.StatusBadRequest, "nome unknown"},
		"no picture":       {named, []byte("hello"), http.StatusBadRequest, "avatar unsupported_type"},
		"a drawing":        {named, []byte("<svg/>"), http.StatusBadRequest, "avatar unsupported_type"},
		"an empty file":    {named, []byte{}, http.StatusBadRequest, "avatar unsupported_type"},
		"a broken picture": {named, onePixel[:20], http.StatusBadRequest, "avatar bad_image"},
		"too large":        {named, make([]byte, 200<<10+1), http.StatusRequestEntityTooLarge, ""},
		"too large a form": {named, make([]byte, 2<<20), http.StatusRequestEntityTooLarge, ""},
		"a long text":      {map[string]string{"name": strings.Repeat("a", 65<<10)}, nil, http.StatusBadRequest, "name too_long"},
		"no such kind":     {map[string]string{"name": "Badge", "kind": "once"}, nil, http.StatusBadRequest, "kind unknown"},
		"not text":         {map[string]string{"name": "a\xff"}, nil, http.StatusBadRequest, "name not_text"},
	} {
		got := d.form(adminToken, "POST", path, tc.texts, tc.avatar)
		if got.status != tc.status || got.fields() != tc.want {
			t.Errorf("%s: %d %s, want %d %q", name, got.status, got.text, tc.status, tc.want)
		}
	}
	for name, body := range map[string]string{
		"twice": part("name", "A") + part("name", "B") + "--x--\r\n", "cut short": part("name", "A") + "--x", "nothing": "--x--\r\n",
		"no form": "hello",
	} {
		got := d.with(map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, adminToken, "POST", path, body)
		if got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	got := d.with(map[string]string{"Content-Type": "multipart/form-data"}, adminToken, "POST", path, part("name", "A")+"--x--\r\n")
	if got.status != http.StatusBadRequest {
		t.Errorf("without a boundary: %d %s", got.status, got.text)
	}
	if left := d.must(http.StatusOK, "", "GET", path, nil).items(); len(left) > 0 {
		t.Errorf("something was created: %v", left)
	}
}

func part(name, value string) string {
	return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

func TestTheOrderOfAProfile(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.person("grace")
		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		var ids []float64
		for range 4 {
			d.clock.Advance(time.Second)
			id, _ := d.must(http.StatusCreated, adminToken, "POST", badge+"/awards", map[string]any{"user": "ada"}).object["id"].(float64)
			ids = append(ids, id)
		}
		hers, _ := d.must(http.StatusCreated, adminToken, "POST", badge+"/awards", map[string]any{"user": "grace"}).object["id"].(float64)
		order := func(ids ...float64) map[string]any { return map[string]any{"award_ids": append([]float64{}, ids...)} }
		profile := func() []float64 {
			var shown []float64
			for _, item := range d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil).items() {
				id, _ := item.object["id"].(float64)
				shown = append(shown, id)
			}
			return shown
		}
		const path = "/api/v1/user/awards/order"
		same(t, "the order at first", profile(), ids)
		got := d.must(http.StatusOK, ada, "PUT", path, order(ids[2], ids[0])).items()
		same(t, "the places", []any{got[0].object["priority"], got[1].object["priority"]}, []any{0.0, 1.0})
		ordered := []float64{ids[2], ids[0], ids[1], ids[3]}
		same(t, "the order", profile(), ordered)
		for _, wrong := range []map[string]any{order(ids[3], hers), order(ids[3], 4711), order(ids[3], ids[3]), order(-1)} {
			d.refused(http.StatusBadRequest, "invalid", ada, "PUT", path, wrong)
			same(t, "the order after a wrong one", profile(), ordered)
		}
		d.must(http.StatusOK, ada, "PUT", path, order(ids[3]))
		same(t, "a complete list", profile(), []float64{ids[3], ids[0], ids[1], ids[2]})
		d.must(http.StatusOK, ada, "PUT", path, order())
		same(t, "the order after an empty list", profile(), ids)
	})
}

func TestWhatIsWhosToChangeOfAnAward(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada, grace := d.person("ada"), d.person("grace")
		d.namespace("acme", "public")
		d.member("acme", "grace", "maintainer")
		award := d.award(d.achievement("acme", "Badge", "repeatable"), "ada")
		d.refused(http.StatusForbidden, "forbidden", ada, "PATCH", award, map[string]any{"message": "me"})
		d.refused(http.StatusForbidden, "forbidden", grace, "PATCH", award, map[string]any{"show_on_profile": false})
		d.refused(http.StatusForbidden, "forbidden", ada, "PATCH", award, map[string]any{"message": "me", "show_on_profile": false})
		got := d.must(http.StatusOK, "", "GET", award, nil)
		same(t, "what refusals changed", []any{got.object["message"], got.object["show_on_profile"]}, []any{nil, true})
		d.must(http.StatusOK, grace, "PATCH", award, map[string]any{"message": "Well done"})
		d.must(http.StatusOK, ada, "PATCH", award, map[string]any{"show_on_profile": false})
		d.refused(http.StatusNotFound, "not_found", "", "GET", award, nil)
		got = d.must(http.StatusOK, grace, "GET", award, nil)
		same(t, "what was changed", []any{got.object["message"], got.object["show_on_profile"]}, []any{"Well done", false})
	})
}
