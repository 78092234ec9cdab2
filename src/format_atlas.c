/*-------------------------------------------------------------------------
 *
 * format_atlas.c
 *	  Files of Atlas, whose directory has an atlas.sum.
 *
 * That file has a line for each of the others, in order of their names, with a
 * SHA-256 over all that came so far, and in its first line one over these.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

#include "common/base64.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#define SUM_FILE "atlas.sum"
#define SUM_MARK "h1:"
#define SUM_SIZE 64				/* base64 has 44 characters */

/* A line of atlas.sum. */
typedef struct AtlasSum
{
	char	   *name;
	char	   *utf8_name;
	char	   *hash;			/* in base64 */
} AtlasSum;

/* A file that is hashed. */
typedef struct AtlasFile
{
	const MigFileEntry *entry;
	const char *utf8_name;
	const char *utf8_text;
	bool		ignored;		/* only its name counts, and it has no line */
} AtlasFile;

static bool
atlas_settings(const MigFileEntry *entry)
{
	return strcmp(entry->base, SUM_FILE) == 0;
}

/* Atlas writes that file for other tools' formats as well. */
static bool
atlas_index(const MigFileEntry *entry)
{
	MigLines	lines;

	if (!atlas_settings(entry))
		return false;
	if (entry->text == NULL)
		return true;
	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		char	   *line = mig_copy_trimmed(lines.start, lines.end);

		if ((mig_is_flyway_name(line) && strstr(line, "__")) || strstr(line, ".up.sql ") ||
			strstr(line, ".down.sql "))
			return false;
	}
	return true;
}

static MigFit
atlas_recognise(const MigFileEntry *entry)
{
	return entry->sql && entry->indexed &&
		mig_beside(entry, entry->index->file->path,
				   entry->index->base - entry->index->file->path) ?
		FIT_SURE : FIT_NO;
}

/*
 * What follows "atlas:" in a line, as word and argument; Atlas does not mind
 * what is before it.
 */
static bool
read_directive(const char *start, const char *end, char **word, char **argument)
{
	char	   *line = pnstrdup(start, end - start);
	char	   *found = strstr(line, "atlas:");
	size_t		len;

	if (found == NULL)
		return false;
	found += strlen("atlas:");
	len = strcspn(found, " \t");
	*word = pnstrdup(found, len);
	*argument = mig_copy_trimmed(found + len, found + strlen(found));
	return len > 0;
}

/* Is it nothing but "\n" and such, as they are written? */
static bool
is_line_ends(const char *argument)
{
	while (argument[0] == '\\' &&
		   (argument[1] == 'n' || argument[1] == 'r' || argument[1] == 't'))
		argument += 2;
	return *argument == '\0';
}

static void
honour_directive(const MigLines *lines, const char *word, const char *argument,
				 MigSource *source)
{
	if (strcmp(word, "txmode") == 0)
	{
		if (pg_strcasecmp(argument, "none") == 0)
			source->up.no_transaction = true;
		else if (pg_strcasecmp(argument, "file") != 0 &&
				 pg_strcasecmp(argument, "all") != 0)
			mig_bad_line(lines, lines->number,
						 psprintf("unknown txmode \"%s\"", argument),
						 "It must be none, file or all.");
	}
	else if (strcmp(word, "checkpoint") == 0)
	{
		/* it stands for all that came before, where nothing is applied */
		source->kind = MIG_KIND_BASELINE;
		if (argument[0])
			source->tags = lappend(source->tags, pstrdup(argument));
	}
	else if (strcmp(word, "delimiter") == 0)
	{
		/* what the parser takes for blank or a comment does no harm */
		if (strcmp(argument, ";") != 0 && strncmp(argument, "--", 2) != 0 &&
			!is_line_ends(argument))
			mig_bad_line(lines, lines->number,
						 psprintf("unsupported delimiter \"%s\"", argument),
						 "Statements must end with semicolons; line ends and comments may be delimiters as well.");
	}
	else if (strcmp(word, "txtar") == 0 || strcmp(word, "import") == 0)
		mig_bad_line(lines, lines->number,
					 psprintf("unsupported directive \"atlas:%s\"", word),
					 "Write the statements themselves into the file.");
}

/*
 * The comments that begin a file are about all of it if a blank line follows.
 */
static void
read_directives(const MigFileEntry *entry, MigSource *source)
{
	MigLines	lines;
	MigLines	head;
	char	   *word;
	char	   *argument;
	bool		detached = false;

	mig_entry_lines(&lines, entry);
	head = lines;
	while (mig_lines_next(&lines))
	{
		if (*lines.start == '#' || strncmp(lines.start, "--", 2) == 0)
			continue;
		detached = lines.end == lines.start;
		break;
	}
	while (mig_lines_next(&head) && head.number < lines.number)
	{
		if (!read_directive(head.start, head.end, &word, &argument))
			continue;
		if (detached || strcmp(word, "delimiter") == 0)
			honour_directive(&head, word, argument, source);
		else if (strcmp(word, "txmode") == 0 || strcmp(word, "checkpoint") == 0 ||
				 strcmp(word, "txtar") == 0 || strcmp(word, "import") == 0)
			ereport(WARNING,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("\"atlas:%s\" in file \"%s\", line %d, has no effect",
							word, entry->file->path, head.number),
					 errdetail("A directive for the whole file is among the comments that begin it, with an empty line after them.")));
	}
}

static void
atlas_read(const MigFileEntry *entry, MigSource *source)
{
	const char *dot = strrchr(entry->base, '.');
	const char *underscore = memchr(entry->base, '_', dot - entry->base);
	MigLines	lines;

	mig_entry_lines(&lines, entry);
	if (mig_has_comment(entry, "+goose") || mig_has_comment(entry, "migrate:up"))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" is not in the format of Atlas",
						entry->file->path),
				 errdetail("It has directives of another tool."),
				 errhint("Take %s out of the directory to have it read as that tool's.",
						 SUM_FILE)));
	source->version = pnstrdup(entry->base,
							   (underscore ? underscore : dot) - entry->base);
	source->name = underscore && underscore + 1 < dot ?
		pnstrdup(underscore + 1, dot - underscore - 1) : source->version;
	mig_whole_script(entry, source, &source->up);
	read_directives(entry, source);
}

/*
 * atlas.sum
 */

static char *
to_utf8(const char *string)
{
	return pg_server_to_any(string, strlen(string), PG_UTF8);
}

static List *
read_sums(const MigFileEntry *entry, char **total)
{
	List	   *sums = NIL;
	MigLines	lines;

	*total = NULL;
	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		char	   *line = mig_copy_trimmed(lines.start, lines.end);
		char	   *mark = strstr(line, SUM_MARK);
		AtlasSum   *sum;

		if (mark == NULL)
			mig_bad_line(&lines, lines.number, "no hash",
						 "A line is a file's name and its hash, the first one the hash alone.");
		if (lines.number == 1)
		{
			*total = mark + strlen(SUM_MARK);
			continue;
		}
		sum = palloc(sizeof(AtlasSum));
		sum->name = mig_copy_trimmed(line, mark);
		sum->utf8_name = to_utf8(sum->name);
		sum->hash = mark + strlen(SUM_MARK);
		sums = lappend(sums, sum);
	}
	return sums;
}

static char *
end_hash(pg_cryptohash_ctx *hash)
{
	bytea	   *bytes = mig_hash_end(hash);
	char	   *base64 = palloc(SUM_SIZE);
	int			len = pg_b64_encode((void *) VARDATA(bytes), PG_SHA256_DIGEST_LENGTH,
									base64, SUM_SIZE - 1);

	base64[len] = '\0';
	return base64;
}

/* Over the first n files. */
static char *
hash_files(const AtlasFile *files, int n)
{
	pg_cryptohash_ctx *hash = mig_hash_begin();
	int			i;

	for (i = 0; i < n; i++)
	{
		const AtlasFile *file = &files[i];

		CHECK_FOR_INTERRUPTS();
		mig_hash_update(hash, file->utf8_name, strlen(file->utf8_name));
		if (!file->ignored)
			mig_hash_update(hash, file->utf8_text, strlen(file->utf8_text));
	}
	return end_hash(hash);
}

static bool
begins_ignored(const MigFileEntry *entry)
{
	const char *end = entry->text + strcspn(entry->text, "\r\n");
	char	   *word;
	char	   *argument;

	return read_directive(entry->text, end, &word, &argument) &&
		strcmp(word, "sum") == 0 && strcmp(argument, "ignore") == 0;
}

static void
bad_sum(const MigFileEntry *index, const char *name, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_MIG_BAD_HASH),
			 errmsg("file \"%.*s%s\" is not what %s says",
					(int) (index->base - index->file->path), index->file->path,
					name, SUM_FILE),
			 errdetail_internal("%s", message),
			 errhint("Bring back the files as they were, or have Atlas hash the directory anew if the change is meant.")));
}

/*
 * The listed files, in order, and how many of the files each hash is over.
 */
static void
check_names(const MigFileEntry *index, const AtlasFile *files, int n,
			List *sums, int *upto)
{
	int			listed = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		const char *name = files[i].entry->base;
		const AtlasSum *sum = listed < list_length(sums) ?
			list_nth(sums, listed) : NULL;
		int			order = sum ? strcmp(files[i].utf8_name, sum->utf8_name) : -1;

		if (files[i].ignored)
			continue;
		if (order < 0)
			bad_sum(index, name, "It is not in the list.");
		if (order > 0)
			bad_sum(index, sum->name, "There is no such file.");
		upto[listed++] = i + 1;
	}
	if (listed < list_length(sums))
		bad_sum(index, ((AtlasSum *) list_nth(sums, listed))->name,
				"There is no such file.");
}

/* Is the hash in the n'th line that of the files? */
static bool
fits(const AtlasFile *files, List *sums, const int *upto, int n)
{
	const AtlasSum *sum = list_nth(sums, n - 1);

	return strcmp(hash_files(files, upto[n - 1]), sum->hash) == 0;
}

/*
 * A hash is over all that came before as well, so that the last one is enough
 * if it fits; if not, the first that does not is searched by halves.
 */
static void
check_files(const MigFileEntry *index, const AtlasFile *files, List *sums,
			const int *upto)
{
	int			good = 0;
	int			bad = list_length(sums);

	if (bad == 0 || fits(files, sums, upto, bad))
		return;
	while (bad - good > 1)
	{
		int			middle = (good + bad) / 2;

		if (fits(files, sums, upto, middle))
			good = middle;
		else
			bad = middle;
	}
	bad_sum(index, ((AtlasSum *) list_nth(sums, bad - 1))->name,
			"Its text has another hash.");
}

static void
check_total(const MigFileEntry *index, List *sums, const char *total)
{
	pg_cryptohash_ctx *hash = mig_hash_begin();
	ListCell   *lc;

	foreach(lc, sums)
	{
		const AtlasSum *sum = lfirst(lc);

		mig_hash_update(hash, sum->utf8_name, strlen(sum->utf8_name));
		mig_hash_update(hash, sum->hash, strlen(sum->hash));
	}
	if (total == NULL || strcmp(end_hash(hash), total) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_HASH),
				 errmsg("the first line of file \"%s\" is not the hash of the others",
						index->file->path),
				 errhint("Bring back the file as it was, or have Atlas hash the directory anew.")));
}

static int
compare_files(const void *a, const void *b)
{
	return strcmp(((const AtlasFile *) a)->utf8_name,
				  ((const AtlasFile *) b)->utf8_name);
}

static int
compare_sources(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigSource *) lfirst(a))->up.path,
				  ((const MigSource *) lfirst(b))->up.path);
}

static List *
atlas_finish(List *entries, List *sources)
{
	const MigFileEntry *index = ((const MigFileEntry *) linitial(entries))->index;
	AtlasFile  *files = palloc0(sizeof(AtlasFile) * list_length(entries));
	List	   *sums;
	char	   *total;
	int		   *upto;
	int			place = 0;
	int			n = 0;
	ListCell   *lc;

	mig_refuse_above(entries, index->depth);
	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);

		if (entry->format != &mig_format_atlas || !entry->sql)
			continue;
		files[n].entry = entry;
		files[n].utf8_name = to_utf8(entry->base);
		files[n].utf8_text = to_utf8(entry->text);
		files[n++].ignored = begins_ignored(entry);
	}
	qsort(files, n, sizeof(AtlasFile), compare_files);

	sums = read_sums(index, &total);
	upto = palloc(sizeof(int) * Max(list_length(sums), 1));
	check_total(index, sums, total);
	check_names(index, files, n, sums, upto);
	check_files(index, files, sums, upto);

	list_sort(sources, compare_sources);
	foreach(lc, sources)
		((MigSource *) lfirst(lc))->place = ++place;
	return sources;
}

const MigFormat mig_format_atlas = {
	.name = "atlas",
	.files = "<version>_<name>.sql, with a line in atlas.sum",
	.together = true,
	.recognise = atlas_recognise,
	.settings = atlas_settings,
	.index = atlas_index,
	.read = atlas_read,
	.finish = atlas_finish
};
