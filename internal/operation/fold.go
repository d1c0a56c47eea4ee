package operation

// FoldedAward is what a profile shows of an achievement that was awarded several times, or of a ladder of tiers.
type FoldedAward struct {
	// AwardView is the one to show: of the highest tier, and of those the first in the order.
	AwardView

	// Count is how often the achievement that is shown was awarded; lower tiers do not count.
	Count int
	// Awards are all that were folded, in the order that they came in; the one to show is among them.
	Awards []AwardView
}

// ladder is what is folded into one: an achievement of its own, or a series of a namespace.
type ladder struct {
	achievementID, namespaceID int64
	series                     string
}

// Fold makes one of repeated awards of an achievement, and one of the tiers of a series. What it returns is in the order
// of the awards, each where the first of its own stood. It folds what one person was awarded.
func Fold(awards []AwardView) []FoldedAward {
	folded := make([]FoldedAward, 0, len(awards))
	places := make(map[ladder]int, len(awards))
	for i := range awards {
		award := &awards[i]
		of := ladder{achievementID: award.AchievementID}
		if award.Achievement.Series != "" {
			of = ladder{namespaceID: award.Achievement.NamespaceID, series: award.Achievement.Series}
		}
		place, known := places[of]
		if !known {
			places[of] = len(folded)
			folded = append(folded, FoldedAward{AwardView: *award, Count: 1, Awards: []AwardView{*award}})
			continue
		}
		into := &folded[place]
		into.Awards = append(into.Awards, *award)
		switch {
		case award.Achievement.Tier > into.Achievement.Tier:
			into.AwardView, into.Count = *award, 1
		case award.AchievementID == into.AchievementID:
			into.Count++
		}
	}
	return folded
}
