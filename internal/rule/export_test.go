package rule

// AwardKeys are the words that an award may have, for tests that want all of them tried.
func AwardKeys() []string { return awardKeys }
