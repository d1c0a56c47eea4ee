package server_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestExplorerInABrowser(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	d := onSQLite(t)
	ada := d.person("ada")
	page := watch(ctx, t)
	err := chromedp.Do(ctx,
		chromedp.Navigate(d.url+"/-/graphql-explorer"), chromedp.WaitVisible(chromedp.CSS("#schema details")),
		chromedp.SendKeys(chromedp.CSS("#token"), ada), chromedp.Click(chromedp.CSS("#run")),
		chromedp.WaitVisible(chromedp.CSS("#answer:not(:empty)")),
	)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#answer")))
	if err != nil || !strings.Contains(answer, `"username": "ada"`) {
		t.Errorf("the answer is %q, %v", answer, err)
	}
	types, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#schema")))
	if err != nil || !strings.HasPrefix(types, "Query") || !strings.Contains(types, "UserAchievement") {
		t.Errorf("the schema is shown as %.100q, %v", types, err)
	}
	page.check(t, d.url, "/api/graphql")
}
