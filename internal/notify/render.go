package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"net/url"
	"strings"
	texttemplate "text/template"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

//go:embed templates
var templates embed.FS

var (
	textTemplate = texttemplate.Must(texttemplate.ParseFS(templates, "templates/award.txt"))
	htmlTemplate = htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/award.html"))
)

// letter is what the templates show.
type letter struct {
	Subject, Recipient, Achievement, Description, Message string
	Namespace, NamespaceName, Date, EventURL              string
	Profile, Unsubscribe                                  string
	// Accept is empty when there is nothing to be accepted; AcceptDays is how long it is good.
	Accept     string
	AcceptDays int
	// Giver is empty for a rule.
	Giver string
}

// render returns the mail as text and as HTML.
func (l *Letter) render(baseURL string) (text, html string, err error) {
	shown := letter{
		Subject: l.subject(), Recipient: l.User.Name, Achievement: l.Achievement.Name, Description: l.Achievement.Description,
		Message: l.Award.Message, Namespace: l.Namespace.FullPath, NamespaceName: l.Namespace.Name,
		Date: l.Award.AwardedAt.UTC().Format("2 January 2006"), EventURL: webAddress(l.Award.EventURL),
		Profile: baseURL + "/users/" + url.PathEscape(l.User.Username), Unsubscribe: l.unsubscribeURL(baseURL),
	}
	if l.Giver.ID != achievement.HouseUserID {
		shown.Giver = l.Giver.Name
	}
	if l.Accept != "" {
		shown.Accept, shown.AcceptDays = baseURL+AcceptPath+l.Accept, int(AcceptWithin.Hours()/24)
	}
	var plain, marked strings.Builder
	if err := textTemplate.Execute(&plain, shown); err != nil {
		return "", "", fmt.Errorf("writing a mail: %w", err)
	}
	if err := htmlTemplate.Execute(&marked, shown); err != nil {
		return "", "", fmt.Errorf("writing a mail: %w", err)
	}
	return plain.String(), marked.String(), nil
}

// webAddress returns the address if a mail program may open it.
func webAddress(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return ""
	}
	return address
}

// Preview writes the mail as it would be sent ("eml"), or its "html" or "text" alone.
func (m *Mail) Preview(out io.Writer, format string, l *Letter) error {
	text, html, err := l.render(m.baseURL)
	if err != nil {
		return err
	}
	switch format {
	case "html":
		_, err = io.WriteString(out, html)
	case "text":
		_, err = io.WriteString(out, text)
	default:
		message, buildErr := m.Message(l)
		if buildErr != nil {
			return buildErr
		}
		_, err = message.WriteTo(out)
	}
	return err
}
