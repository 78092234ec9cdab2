/*-------------------------------------------------------------------------
 *
 * lines.c
 *	  A text by its lines, and the directives among them.
 *
 * Owns which lines of an SQL text begin outside its literals and comments,
 * and what a line "-- migrate:WORD" means.  Knows no format: how files are
 * named, and which sections they have, is format.c's business; where SQL
 * statements end is script.c's.  No byte of a text is changed.
 *
 * Pure: no SPI, no catalogs, no locks, no file access, any transaction state.
 * Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "lines.h"

#define is_digit(c) ((c) >= '0' && (c) <= '9')
#define is_blank(c) ((c) == ' ' || (c) == '\t' || (c) == '\f' || (c) == '\v')
#define is_name_start(c) \
	(((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || \
	 (c) == '_' || IS_HIGHBIT_SET(c))
#define is_name_part(c) (is_name_start(c) || is_digit(c) || (c) == '$')

static const char *const words[] = {
	"up", "down", "verify", "requires", "no-transaction", "repeatable", "baseline",
	"ignore", "ignore-file"
};

/*
 * mig_skip_blanks
 *		The first character that is no blank; a line end is none.
 */
const char *
mig_skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/*
 * mig_copy_trimmed
 *		A copy of the text between two places, without blanks at its ends.
 */
char *
mig_copy_trimmed(const char *from, const char *to)
{
	while (from < to && is_blank(*from))
		from++;
	while (to > from && is_blank(to[-1]))
		to--;
	return pnstrdup(from, to - from);
}

/*
 * mig_lines_begin
 *		Stand before the first line of a text, which must outlive *lines.
 */
void
mig_lines_begin(MigLines *lines, const char *text, const char *place)
{
	memset(lines, 0, sizeof(*lines));
	lines->place = place;
	lines->next = text;
	lines->text = text;
	lines->state = IN_SQL;
}

/*
 * mig_bad_line
 *		Refuse a line; advice is a sentence that says what would be right.
 */
void
mig_bad_line(const MigLines *lines, int number, const char *message,
			 const char *advice)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_FILE),
			 errmsg("%s in %s, line %d", message, lines->place, number),
			 errdetail_internal("%s", advice)));
}

/* If a dollar quote's delimiter begins here, its length, else 0. */
static int
dollar_tag(const char *p)
{
	const char *end = p + 1;

	if (is_name_start(*end))
	{
		while (is_name_part(*end) && *end != '$')
			end++;
	}
	return *end == '$' ? end + 1 - p : 0;
}

static void
note_comment(MigLines *lines, const char *start, const char *end)
{
	MigComments *comments = lines->comments;

	if (comments == NULL)
		return;
	if (comments->n == comments->allocated)
	{
		comments->allocated = Max(comments->allocated * 2, 16);
		comments->items = comments->items ?
			repalloc_huge(comments->items, comments->allocated * sizeof(MigComment)) :
			palloc(comments->allocated * sizeof(MigComment));
	}
	comments->items[comments->n].start = start - lines->text;
	comments->items[comments->n++].end = end - lines->text;
}

/*
 * One token's worth of plain SQL; returns what follows.  Names are taken
 * whole, because a quote after E and a dollar inside of a name are special.
 */
static const char *
scan_sql(MigLines *lines, const char *p)
{
	if (is_blank(*p))
		return p + 1;
	if (p[0] == '-' && p[1] == '-')
	{
		note_comment(lines, p, lines->end);
		return lines->end;
	}
	if (p[0] == '/' && p[1] == '*')
	{
		/* where it ends is not known yet */
		note_comment(lines, p, p);
		lines->state = IN_COMMENT;
		lines->nesting = 1;
		return p + 2;
	}

	lines->code = true;
	if (*p == '\'')
	{
		/* the parts of a string on several lines are one string */
		lines->escapes = lines->continues;
		lines->state = IN_STRING;
		return p + 1;
	}
	lines->continues = false;
	if (*p == '"')
	{
		lines->state = IN_IDENTIFIER;
		return p + 1;
	}
	if (*p == '$')
	{
		lines->tag = p;
		lines->tag_len = dollar_tag(p);
		if (lines->tag_len == 0)
			return p + 1;
		lines->state = IN_DOLLAR;
		return p + lines->tag_len;
	}
	if (is_name_start(*p) || is_digit(*p))
	{
		const char *name = p;

		while (is_name_part(*p))
			p++;
		if (p - name == 1 && (*name == 'e' || *name == 'E') && *p == '\'')
		{
			lines->escapes = true;
			lines->state = IN_STRING;
			p++;
		}
		return p;
	}
	return p + 1;
}

static void
scan_line(MigLines *lines)
{
	const char *p = lines->start;

	while (p < lines->end)
	{
		switch (lines->state)
		{
			case IN_SQL:
				{
					const char *token = p;

					p = scan_sql(lines, p);
					if (lines->mask && lines->state == IN_SQL && *token != '-')
						memset(lines->mask + (token - lines->text), true, p - token);
					continue;
				}
			case IN_STRING:
				lines->code = true;
				if (*p == '\\' && lines->escapes)
					p++;
				else if (p[0] == '\'' && p[1] == '\'')
					p++;
				else if (*p == '\'')
				{
					lines->state = IN_SQL;
					lines->continues = lines->escapes;
				}
				break;
			case IN_IDENTIFIER:
				lines->code = true;
				if (*p == '"')	/* a doubled one just opens it again */
					lines->state = IN_SQL;
				break;
			case IN_DOLLAR:
				lines->code = true;
				if (*p == '$' &&
					strncmp(p, lines->tag, lines->tag_len) == 0)
				{
					lines->state = IN_SQL;
					p += lines->tag_len - 1;
				}
				break;
			case IN_COMMENT:
				if (p[0] == '/' && p[1] == '*')
				{
					lines->nesting++;
					p++;
				}
				else if (p[0] == '*' && p[1] == '/')
				{
					if (--lines->nesting == 0)
					{
						lines->state = IN_SQL;
						if (lines->comments)
							lines->comments->items[lines->comments->n - 1].end =
								p + 2 - lines->text;
					}
					p++;
				}
				break;
		}
		p++;
	}
}

/*
 * mig_lines_next
 *		Go to the next line; false if there is none.
 */
bool
mig_lines_next(MigLines *lines)
{
	if (*lines->next == '\0')
		return false;

	lines->start = lines->next;
	lines->end = lines->start + strcspn(lines->start, "\r\n");
	lines->next = lines->end;
	if (*lines->next == '\r')
		lines->next++;
	if (*lines->next == '\n')
		lines->next++;
	lines->number++;
	lines->top = lines->state == IN_SQL;
	lines->code = false;

	/* COPY's data may hold any quotes; with their end it is SQL again. */
	if (lines->end - lines->start == 2 && strncmp(lines->start, "\\.", 2) == 0)
	{
		lines->state = IN_SQL;
		lines->continues = false;
		lines->code = true;
	}
	else
		scan_line(lines);
	return true;
}

/*
 * mig_code_mask
 *		For each byte of a text: is it outside of literals, quoted names and
 *		comments?  palloc'd.
 */
bool *
mig_code_mask(const char *text)
{
	MigLines	lines;

	mig_lines_begin(&lines, text, "text");
	lines.mask = palloc0(strlen(text) + 1);
	while (mig_lines_next(&lines))
		;
	return lines.mask;
}

/*
 * mig_find_comments
 *		The comments of a text, in its order; what looks like one in a literal
 *		or a quoted name is none.
 */
void
mig_find_comments(const char *text, MigComments *comments)
{
	MigLines	lines;

	memset(comments, 0, sizeof(MigComments));
	mig_lines_begin(&lines, text, "text");
	lines.comments = comments;
	while (mig_lines_next(&lines))
		;
}

/*
 * mig_after_marker
 *		What follows the marker in a line "-- MARKER...", or NULL if the line
 *		is none.
 *
 * Blanks before the dashes do not hide one from those that only look whether
 * there are directives; mig_check_indent() then refuses them.
 */
const char *
mig_after_marker(const MigLines *lines, const char *marker)
{
	const char *p;

	if (!lines->top)
		return NULL;
	p = mig_skip_blanks(lines->start);
	if (p[0] != '-' || p[1] != '-')
		return NULL;
	p = mig_skip_blanks(p + 2);
	if (pg_strncasecmp(p, marker, strlen(marker)) != 0)
		return NULL;
	return p + strlen(marker);
}

/*
 * mig_check_indent
 *		Refuse an indented directive.
 *
 * It is not taken for prose: to pass over a "down" would make what follows
 * part of the "up".
 */
void
mig_check_indent(const MigLines *lines)
{
	if (is_blank(*lines->start))
		mig_bad_line(lines, lines->number,
					 "indented directive",
					 "A directive's dashes must be the first characters of its line.");
}

/*
 * mig_look_for_directive
 *		The word of a line "-- migrate:WORD", however wrong the rest of it is.
 *
 * Sets *directive unless that is WORD_NONE.
 */
MigWord
mig_look_for_directive(const MigLines *lines, MigDirective *directive)
{
	const char *word = mig_after_marker(lines, "migrate:");
	const char *end = word;
	int			i;

	if (word == NULL)
		return WORD_NONE;
	while (end < lines->end && !is_blank(*end))
		end++;
	if (end == word)
		return WORD_NONE;

	directive->spelling = pnstrdup(word, end - word);
	directive->options = mig_copy_trimmed(end, lines->end);
	for (i = 0; i < lengthof(words); i++)
	{
		if (pg_strcasecmp(directive->spelling, words[i]) == 0)
			break;
	}
	return (MigWord) i;
}

/*
 * mig_read_directive
 *		As above; raises an error if the directive is not a proper one.
 */
MigWord
mig_read_directive(const MigLines *lines, MigDirective *directive)
{
	MigWord		word = mig_look_for_directive(lines, directive);

	if (word == WORD_NONE)
		return WORD_NONE;

	/* what is said to lint may stand inside of a statement */
	if (word != WORD_IGNORE && word != WORD_IGNORE_FILE)
		mig_check_indent(lines);
	if (word == WORD_UNKNOWN)
		mig_bad_line(lines, lines->number,
					 psprintf("unknown directive \"-- migrate:%s\"",
							  directive->spelling),
					 "The directives are migrate:up, migrate:down, migrate:verify, migrate:requires, migrate:no-transaction, migrate:repeatable, migrate:baseline, migrate:ignore and migrate:ignore-file.");
	if (directive->options[0] != '\0' &&
		(word == WORD_NO_TRANSACTION || word == WORD_VERIFY || word == WORD_BASELINE))
		mig_bad_line(lines, lines->number,
					 psprintf("unknown option \"%s\" of \"-- migrate:%s\"",
							  directive->options, directive->spelling),
					 "This directive has no options.");
	return word;
}

/*
 * mig_misplaced_directive
 *		Refuse a directive where it is; advice as for mig_bad_line().
 */
void
mig_misplaced_directive(const MigLines *lines, const MigDirective *directive,
						const char *advice)
{
	mig_bad_line(lines, lines->number,
				 psprintf("misplaced directive \"-- migrate:%s\"",
						  directive->spelling),
				 advice);
}

/*
 * mig_next_item
 *		The next of the words in a list separated by blanks and commas, or
 *		NULL.  Moves *list behind it.
 */
char *
mig_next_item(const char **list)
{
	const char *start = *list + strspn(*list, ", \t\f\v");

	*list = start + strcspn(start, ", \t\f\v");
	return *list > start ? pnstrdup(start, *list - start) : NULL;
}

/*
 * mig_add_requires
 *		Honour a "-- migrate:requires".
 */
void
mig_add_requires(const MigLines *lines, const MigDirective *directive,
				 MigSource *source)
{
	const char *list = directive->options;
	char	   *version = mig_next_item(&list);

	if (version == NULL)
		mig_bad_line(lines, lines->number,
					 "no version after \"-- migrate:requires\"",
					 "The versions follow it, as in \"-- migrate:requires 3, 7\".");
	for (; version != NULL; version = mig_next_item(&list))
		source->requires = lappend(source->requires, version);
}

/*
 * mig_make_repeatable
 *		Honour a "-- migrate:repeatable", which may say that it is a hook.
 */
void
mig_make_repeatable(const MigLines *lines, const MigDirective *directive,
					MigSource *source)
{
	static const char *const hooks[] = {
		MIG_HOOK_BEFORE_RUN, MIG_HOOK_AFTER_EACH, MIG_HOOK_AFTER_RUN,
		MIG_HOOK_ON_FAILURE
	};
	int			i;

	source->kind = MIG_KIND_REPEATABLE;
	if (directive->options[0] == '\0')
		return;
	for (i = 0; i < lengthof(hooks); i++)
	{
		if (pg_strcasecmp(directive->options, hooks[i]) == 0)
		{
			source->hook = hooks[i];
			return;
		}
	}
	mig_bad_line(lines, lines->number,
				 psprintf("unknown option \"%s\" of \"-- migrate:%s\"",
						  directive->options, directive->spelling),
				 "A hook is before-run, after-each, after-run or on-failure.");
}

/*
 * mig_leading_directives
 *		Honour the directives in the comments that begin a text: those which
 *		make sense for a script as a whole.
 *
 * The script is source's up or down, and its path the text's.
 */
void
mig_leading_directives(MigSource *source, MigScript *script, const char *text,
					   bool may_repeat)
{
	bool		up = script == &source->up;
	char	   *place = script->path ?
		psprintf("file \"%s\"", script->path) :
		psprintf("%s script of migration \"%s\"",
				 up ? "up" : "down",
				 source->version ? source->version : source->name);
	MigLines	lines;
	MigDirective directive;

	mig_lines_begin(&lines, text, place);
	while (mig_lines_next(&lines))
	{
		const char *p = mig_skip_blanks(lines.start);

		if (p < lines.end && (p[0] != '-' || p[1] != '-'))
			break;
		switch (mig_read_directive(&lines, &directive))
		{
			case WORD_NO_TRANSACTION:
				script->no_transaction = true;
				break;
			case WORD_REQUIRES:
				if (!up)
					mig_misplaced_directive(&lines, &directive,
											"What a migration requires is said in its up script.");
				mig_add_requires(&lines, &directive, source);
				break;
			case WORD_REPEATABLE:
				if (!up || (!may_repeat && source->kind != MIG_KIND_REPEATABLE))
					mig_misplaced_directive(&lines, &directive,
											up ? "A file of this format is not made repeatable by a directive." :
											"Whether a migration is repeatable is said in its up script.");
				mig_make_repeatable(&lines, &directive, source);
				break;
			case WORD_BASELINE:
				if (!up || !may_repeat || source->version == NULL)
					mig_misplaced_directive(&lines, &directive,
											!up ? "Whether a migration is a baseline is said in its up script." :
											!may_repeat ? "A file of this format is not made a baseline by a directive." :
											"A baseline has a version.");
				source->kind = MIG_KIND_BASELINE;
				break;
			case WORD_UP:
			case WORD_DOWN:
			case WORD_VERIFY:
				mig_misplaced_directive(&lines, &directive,
										"Here the whole text is one script: only native files, which are named <version>_<name>.sql, have sections.");
				break;
			default:
				break;
		}
	}
}

/*
 * mig_format_directives
 *		Honour the directives of a migration that was given as plain text.
 *
 * They are whole-line comments before the first line which is neither blank
 * nor a "--" comment: no-transaction in up and down, requires, repeatable and
 * baseline in up.  Changes *source: requires is extended, kind may become
 * another; version and texts stay as they are.  Raises
 * ERRCODE_MIG_BAD_FILE for directives that are unknown or do not belong
 * there.
 */
void
mig_format_directives(MigSource *source)
{
	if (source->up.text)
		mig_leading_directives(source, &source->up, source->up.text, true);
	if (source->down.text)
		mig_leading_directives(source, &source->down, source->down.text, true);
}
