"""What search engines and readers would object to in an article, each finding with its place and what to do.

The thresholds are Yoast SEO's, from its published scoring criteria (`SCORING SEO.md` and `SCORING READABILITY.md` in
github.com/Yoast/wordpress-seo): a keyphrase of 1 to 4 words, a density of 0.5 to 3 % (3.5 % where word forms are
counted), 30 to 75 % of the subheadings, no stretch over 30 % of the sentences without it; 300 words; a title of 600 px,
a description of 121 to 156 characters; at most 25 % of sentences over 20 words, paragraphs of 150 words, 300 words
without a subheading, 10 % of sentences passive, at least 30 % with a transition word, fewer than three openings alike.

It differs from Yoast where our articles do:

- Three internal links rather than one: the house rule. Fewer where the vertical has fewer pages to link to.
- Exactly one level-1 heading, because an article brings its own title; Yoast adds the title and allows none.
- Without a keyphrase there is one finding instead of a dozen; without pictures none about their alternative texts.
- Quotations are not judged for how they read, since they are not ours to change, and lists not for their openings.
- Notes (the disclosure, a credit) are no part of the text.
- A passive is an auxiliary with a participle close behind it; Yoast takes the two anywhere in one clause.
- A language without rules is told so, and only what holds in any language is judged.

Only a missing text and a missing title block approval: everything else is a matter of judgement, and the reviewer's.
"""

from pipeline.editorial.seo.checking import check_post
from pipeline.editorial.seo.document import SeoInput
from pipeline.editorial.seo.report import GROUPS, OTHER, SeoReport, analyse, group_of

__all__ = ["GROUPS", "OTHER", "SeoInput", "SeoReport", "analyse", "check_post", "group_of"]
