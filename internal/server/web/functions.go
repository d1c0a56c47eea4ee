package web

import (
	"fmt"
	"hash/fnv"
	"html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// functions are what templates may call.
func (r *renderer) functions(p *Pages) template.FuncMap {
	return template.FuncMap{
		"t":      r.words.text,
		"n":      r.words.count,
		"asset":  func(name string) string { return p.path + assetPath(name, r.assets[name]) },
		"path":   func(parts ...any) string { return p.path + join(parts) },
		"url":    func(parts ...any) string { return p.base + join(parts) },
		"person": func(u achievement.User) string { return p.path + personPath(u.Username) },
		"group":  func(n achievement.Namespace) string { return p.path + groupPath(n.FullPath) },
		"avatar": func(a achievement.Achievement) string { return p.path + avatarPath(&a) },
		"date":   func(at time.Time) string { return at.UTC().Format("2 January 2006") },
		"stamp":  func(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04:05 UTC") },
		"iso":    func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"letter": letter, "hue": hue, "percent": percent, "web": webAddress, "dict": pairs,
		"markdown": p.badgeMarkdown, "cardSnippet": p.cardSnippet, "awardMarkdown": p.awardMarkdown, "awardHTML": p.awardHTML,
		"wrong": p.wrong, "wrongs": p.wrongs, "reason": func(f *fault.Error) string { return p.reason(f.Code, f.Text) }, "label": r.words.label, "sentence": sentence,
		"wrongField": wrongField, "json": inJSON,
		"days":   func(d time.Duration) int { return int(d / (24 * time.Hour)) },
		"less":   func(from, number int64) int64 { return from - number },
		"lineAt": func(index int) int { return index + 1 },
		"house":  func(id int64) bool { return id == achievement.HouseUserID },
	}
}

// join makes an address of its parts: texts of the template's own and values in turn. Values are escaped, as a part
// of the path before a question mark, and as one of the query after it.
func join(parts []any) string {
	var address strings.Builder
	escape := url.PathEscape
	for i, part := range parts {
		text := fmt.Sprint(part)
		if i%2 == 1 {
			text = escape(text)
		} else if strings.Contains(text, "?") {
			escape = url.QueryEscape
		}
		address.WriteString(text)
	}
	return address.String()
}

// personPath is the page of a person.
func personPath(username string) string { return "/users/" + url.PathEscape(username) }

// groupPath is the page of a namespace, as GitLab has it.
func groupPath(fullPath string) string { return "/groups/" + fullPath + achievementsOf }

// avatarPath is where a page finds a picture; another one for each picture. It is "" for none.
func avatarPath(of *achievement.Achievement) string {
	if of.AvatarHash == nil {
		return ""
	}
	return "/achievements/" + strconv.FormatInt(of.ID, 10) + "/avatar.png?v=" + achievement.AvatarVersion(of.AvatarHash)
}

// letter is what stands for somebody or something without a picture.
func letter(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	first, _ := utf8.DecodeRuneInString(name)
	if first == utf8.RuneError || unicode.Is(unicode.C, first) {
		return "·"
	}
	return string(first)
}

// sentence makes one of what a fault says about a field.
func sentence(detail string) string {
	first, size := utf8.DecodeRuneInString(detail)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+detail[size:], ".") + "."
}

// hues is how many colours there are for things without a picture; the stylesheet knows as many.
const hues = 8

// hue is the colour of what has the name, always the same one.
func hue(name string) int {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name)) // never fails
	return int(sum.Sum32() % hues)
}

// percent writes a share so that few is never none.
func percent(share float64) string {
	switch hundredths := share * 100; {
	case hundredths == 0 || hundredths >= 10:
		return strconv.Itoa(int(math.Round(hundredths)))
	case hundredths < 0.1:
		return "<0.1"
	default:
		return strings.TrimSuffix(strconv.FormatFloat(hundredths, 'f', 1, 64), ".0")
	}
}

// webAddress returns the address if a browser may follow it, else "".
func webAddress(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" {
		return ""
	}
	return address
}

// wrongField returns what is wrong with a field of a form that was sent; "" for nothing.
func wrongField(problem *fault.Error, name string) string {
	if problem == nil {
		return ""
	}
	for i := range problem.Fields {
		if problem.Fields[i].Field == name {
			return problem.Fields[i].Detail
		}
	}
	return ""
}
