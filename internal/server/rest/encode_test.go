package rest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-504bad89/accolade/api"
)

// draw makes up a value for every field that the type has, so that one that is added to the contract is not forgotten.
func draw(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.SetZero(); rapid.Bool().Draw(t, "present") {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 3).Draw(t, "length"), 3))
		for i := range v.Len() {
			draw(t, v.Index(i))
		}
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "plain", `</script>"\&`, "\u2028\x00\x7f", "\xff", "naïve"})).Draw(t, "text"))
	case reflect.Int64, reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(t, "number")))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "is"))
	case reflect.Struct:
		if at, isTime := v.Addr().Interface().(*time.Time); isTime {
			*at = time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")).UTC()
			return
		}
		for i := range v.NumField() {
			draw(t, v.Field(i))
		}
	default:
		t.Fatalf("nothing fills a %s", v.Kind())
	}
}

func TestProfilesAreWrittenAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		var page api.AwardPage
		draw(t, reflect.ValueOf(&page).Elem())
		var want bytes.Buffer
		if err := json.NewEncoder(&want).Encode(page); err != nil {
			t.Fatal(err)
		}
		if got := appendAwardPage(nil, &page); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("it is\n%s\nwant\n%s", got, want.Bytes())
		}
	})
	if got := string(appendAwardPage(nil, &api.AwardPage{})); got != "{\"items\":null}\n" {
		t.Errorf("a page of nothing is %s", got)
	}
}
