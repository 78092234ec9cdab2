/*-------------------------------------------------------------------------
 *
 * format_native.c
 *	  Native files, which are dbmate's with more directives.
 *
 * Directives begin the sections of a file; a file without any may still be a
 * repeatable or a baseline.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

static bool
has_sections(const MigFileEntry *entry)
{
	return mig_has_comment(entry, "migrate:up") ||
		mig_has_comment(entry, "migrate:down") ||
		mig_has_comment(entry, "migrate:verify");
}

static MigFit
native_recognise(const MigFileEntry *entry)
{
	bool		repeatable = mig_has_comment(entry, "migrate:repeatable");

	if (entry->numbered && entry->part == PART_WHOLE)
		return has_sections(entry) || repeatable ||
			mig_has_comment(entry, "migrate:baseline") ? FIT_SURE : FIT_NO;

	/* a repeatable may have any name that is not another format's */
	if (repeatable && !entry->numbered &&
		!mig_is_flyway_name(entry->base) &&
		!mig_is_diesel_name(entry) && !mig_is_prisma_name(entry))
		return FIT_SURE;
	return FIT_NO;
}

static void
section_options(const MigLines *lines, const MigDirective *directive,
				MigScript *script)
{
	const char *list = directive->options;
	char	   *option;

	while ((option = mig_next_item(&list)) != NULL)
	{
		if (pg_strcasecmp(option, "transaction:false") == 0)
			script->no_transaction = true;
		else if (pg_strcasecmp(option, "transaction:true") != 0)
			mig_bad_line(lines, lines->number,
						 psprintf("unknown option \"%s\" of \"-- migrate:%s\"",
								  option, directive->spelling),
						 "The one option is transaction:false.");
	}
}

static void
native_read(const MigFileEntry *entry, MigSource *source)
{
	/* by MigWord */
	MigScript  *scripts[] = {&source->up, &source->down, &source->verify};
	const char *const titles[] = {"up", "down", "verify"};
	MigSections sections = {entry, NULL, NULL};
	MigLines	lines;
	MigDirective directive;
	int			code_line = 0;
	bool		sectioned = has_sections(entry);

	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		MigWord		word = mig_read_directive(&lines, &directive);

		switch (word)
		{
			case WORD_UP:
				if (sections.current == NULL)
					mig_check_text_before(&lines, code_line, "-- migrate:up");
				/* FALLTHROUGH */
			case WORD_DOWN:
			case WORD_VERIFY:
				if (word != WORD_UP && sections.current == NULL)
					mig_misplaced_directive(&lines, &directive,
											"The first section of a file is \"-- migrate:up\".");
				mig_switch_section(&sections, scripts[word], &lines, titles[word]);
				section_options(&lines, &directive, scripts[word]);
				break;
			case WORD_REQUIRES:
				mig_add_requires(&lines, &directive, source);
				break;
			case WORD_NO_TRANSACTION:
				if (sections.current)
					sections.current->no_transaction = true;
				else
					source->up.no_transaction = source->down.no_transaction = true;
				break;
			case WORD_REPEATABLE:
				if (sections.current)
					mig_misplaced_directive(&lines, &directive,
											"It belongs before \"-- migrate:up\".");
				mig_make_repeatable(&lines, &directive, source);
				break;
			case WORD_BASELINE:
				if (sections.current || !entry->numbered)
					mig_misplaced_directive(&lines, &directive, !entry->numbered ?
											"A baseline has a version: <version>_<name>.sql." :
											"It belongs before \"-- migrate:up\".");
				source->kind = MIG_KIND_BASELINE;
				break;
			case WORD_IGNORE:
			case WORD_IGNORE_FILE:
				if (sectioned && sections.current == NULL)
					mig_misplaced_directive(&lines, &directive,
											"It belongs to one script: put it behind \"-- migrate:up\" or \"-- migrate:down\".");
				break;
			default:
				if (lines.code && code_line == 0)
					code_line = lines.number;
				break;
		}
	}
	mig_last_section(&sections);

	if (sections.current == NULL)
	{
		/* native_recognise() saw to it that this is a repeatable or baseline */
		source->up.text = pstrdup(entry->text);
		source->up.path = entry->file->path;
		source->up.line = 1;
	}

	if (source->kind == MIG_KIND_REPEATABLE)
	{
		source->name = entry->numbered ? entry->name :
			pnstrdup(entry->base, strlen(entry->base) - strlen(".sql"));
		source->version = source->name;
	}
	else
		mig_take_number(entry, source);
}

static List *
native_finish(List *entries, List *sources)
{
	mig_tell_name_order(sources, "dbmate");
	return sources;
}

const MigFormat mig_format_native = {
	.name = "native",
	.files = "<version>_<name>.sql, or <name>.sql if \"-- migrate:repeatable\" is in it",
	.mark = "-- migrate:up",
	.dotted = true,
	.recognise = native_recognise,
	.read = native_read,
	.finish = native_finish,
	.drafts = {
		{
			"", "_", ".sql",
			"\n-- migrate:up\n\n-- migrate:down\n\n"
			"-- To check the outcome, take the first dashes off the next two lines; a\n"
			"-- statement that fails there fails the migration.\n"
			"-- -- migrate:verify\n"
			"-- SELECT 1 / count(*) FROM my_table;\n"
		}
	}
};
