/*-------------------------------------------------------------------------
 *
 * format_sqitch.c
 *	  Projects of Sqitch.
 *
 * The plan says which changes there are, in which order, and what they need;
 * a change's scripts are found by its name.  A change that was reworked stands
 * in the plan again: each time it is another migration.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

#include "miscadmin.h"

#define PLAN "sqitch.plan"
#define CONF "sqitch.conf"
#define ID_LENGTH 40			/* of a SHA-1, in hexadecimal digits */
#define LISTED 10				/* files that a message names */

#define is_blank(c) ((c) == ' ' || (c) == '\t')
#define is_hex(c) (mig_is_digit(c) || ((c) >= 'a' && (c) <= 'f'))

/* The scripts of a change, in the order of script_names[]. */
enum
{
	DEPLOY,
	REVERT,
	VERIFY,
	NSCRIPTS
};

static const char *const script_names[] = {"deploy", "revert", "verify"};

/* Where a project has its files; directories end in a slash, or are empty. */
typedef struct Layout
{
	char	   *plan;
	char	   *scripts[NSCRIPTS];
	char	   *reworked[NSCRIPTS]; /* of changes that came again */
} Layout;

typedef struct Change
{
	char	   *name;
	char	   *version;
	int			line;
	int			instance;		/* from 1 */
	int			previous;		/* index of the instance before, or -1 */
	int			next;
	int			first_tag;		/* index of the first tag after it, if any */
	List	   *requires;		/* of char *: versions */
	List	   *tags;			/* of char * */
} Change;

typedef struct Tag
{
	char	   *name;
	int			change;			/* index of the one before it */
	int			line;
} Tag;

/* What a name, or a tag with its "@", stands for. */
typedef struct Named
{
	const char *key;
	int			index;			/* of the last change of that name, or the tag */
} Named;

typedef struct Plan
{
	MigLines	lines;
	char	   *project;
	Change	   *changes;
	int			nchanges;
	int			max_changes;
	Tag		   *tags;
	int			ntags;
	int			max_tags;
	HTAB	   *names;
	/* the first dependency that what is before it does not fulfil */
	int			unmet_change;	/* index; -1: there is none */
	char	   *unmet;
	/* what changes conflict with, and was not there yet */
	List	   *conflicts;		/* of char * */
	List	   *conflict_changes;	/* indexes of whose conflicts these are */
} Plan;

typedef struct Script
{
	const char *path;
	const MigFileEntry *entry;
	bool		used;
} Script;

static MigFit
sqitch_recognise(const MigFileEntry *entry)
{
	/* which scripts there are is said by the plan */
	return entry->sql && entry->indexed ? FIT_POSSIBLE : FIT_NO;
}

static bool
sqitch_settings(const MigFileEntry *entry)
{
	return strcmp(entry->base, CONF) == 0 ||
		mig_has_suffix(entry->base, strlen(entry->base), ".plan");
}

static bool
sqitch_index(const MigFileEntry *entry)
{
	return strcmp(entry->base, CONF) == 0 || strcmp(entry->base, PLAN) == 0;
}

static List *
sqitch_read_list(const MigFileEntry *entry)
{
	return NIL;					/* the plan says what it is */
}

/*
 * The configuration.
 */

/* A directory below another one, as a prefix of its files' paths. */
static char *
directory_below(const char *prefix, const char *directory)
{
	size_t		len;

	while (strncmp(directory, "./", 2) == 0)
	{
		directory += 2;
		directory += strspn(directory, "/");
	}
	len = strlen(directory);
	while (len > 0 && directory[len - 1] == '/')
		len--;
	if (len == 0 || (len == 1 && directory[0] == '.'))
		return pstrdup(prefix);
	return psprintf("%s%.*s/", prefix, (int) len, directory);
}

static char *
file_below(const char *prefix, const char *file)
{
	char	   *path = directory_below(prefix, file);

	path[strlen(path) - 1] = '\0';
	return path;
}

/* The value of "key = value", as git writes it. */
static char *
conf_value(const MigLines *lines, const char *from)
{
	char	   *value = palloc(lines->end - from + 1);
	char	   *out = value;
	char	   *kept = value;	/* blanks after it are no part of the value */
	bool		quoted = false;

	while (from < lines->end && is_blank(*from))
		from++;
	for (; from < lines->end; from++)
	{
		if (*from == '"')
		{
			quoted = !quoted;
			kept = out;
			continue;
		}
		if (!quoted && (*from == '#' || *from == ';'))
			break;
		if (*from == '\\' && from + 1 < lines->end)
			from++;
		*out++ = *from;
		if (quoted || !is_blank(*from))
			kept = out;
	}
	*kept = '\0';
	return value;
}

/* What a setting is about, of what decides where files are; NULL: nothing. */
static char **
conf_place(Layout *layout, char **top, char **reworked_top, const char *key)
{
	int			i;

	if (pg_strcasecmp(key, "plan_file") == 0)
		return &layout->plan;
	if (pg_strcasecmp(key, "top_dir") == 0)
		return top;
	if (pg_strcasecmp(key, "reworked_dir") == 0)
		return reworked_top;
	for (i = 0; i < NSCRIPTS; i++)
	{
		if (pg_strcasecmp(key, psprintf("%s_dir", script_names[i])) == 0)
			return &layout->scripts[i];
		if (pg_strcasecmp(key, psprintf("reworked_%s_dir", script_names[i])) == 0)
			return &layout->reworked[i];
	}
	return NULL;
}

/*
 * Read the settings of one section into those that are not set yet.  Paths
 * stay as they are written.
 */
static void
read_conf(const MigFileEntry *entry, const char *section, Layout *layout,
		  char **top, char **reworked_top)
{
	Layout		found = {0};
	char	   *found_top = NULL;
	char	   *found_reworked = NULL;
	MigLines	lines;
	bool		inside = false;
	int			i;

	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *p = mig_skip_blanks(lines.start);
		const char *equals;
		char	   *key;
		char	   *value;
		char	  **place;

		if (p < lines.end && *p == '[')
		{
			const char *close = memchr(p, ']', lines.end - p);

			if (close == NULL)
				mig_bad_line(&lines, lines.number, "unterminated section",
							 "A section is written [name], or [name \"subsection\"].");
			inside = pg_strcasecmp(mig_copy_trimmed(p + 1, close), section) == 0;
			p = mig_skip_blanks(close + 1);
		}
		if (!inside || p >= lines.end || *p == '#' || *p == ';')
			continue;
		equals = memchr(p, '=', lines.end - p);
		key = mig_copy_trimmed(p, equals ? equals : lines.end);
		value = equals ? conf_value(&lines, equals + 1) : pstrdup("");
		if (pg_strcasecmp(key, "extension") == 0 && pg_strcasecmp(value, "sql") != 0)
			mig_bad_line(&lines, lines.number,
						 psprintf("unsupported extension \"%s\"", value),
						 "Scripts must be named *.sql.");
		place = conf_place(&found, &found_top, &found_reworked, key);
		if (place == NULL || value[0] == '\0')
			continue;
		if (value[0] == '/' || strncmp(value, "../", 3) == 0 ||
			strstr(value, "/../") || strcmp(value, "..") == 0)
			mig_bad_line(&lines, lines.number,
						 psprintf("unsupported %s \"%s\"", key, value),
						 "Everything must lie below the directory of the configuration.");
		*place = value;
	}

	if (layout->plan == NULL)
		layout->plan = found.plan;
	if (*top == NULL)
		*top = found_top;
	if (*reworked_top == NULL)
		*reworked_top = found_reworked;
	for (i = 0; i < NSCRIPTS; i++)
	{
		if (layout->scripts[i] == NULL)
			layout->scripts[i] = found.scripts[i];
		if (layout->reworked[i] == NULL)
			layout->reworked[i] = found.reworked[i];
	}
}

/*
 * The file that says which project this is: the configuration or, without
 * one, the plan that is nearest to the top.
 */
static const MigFileEntry *
find_project(List *entries)
{
	const MigFileEntry *found = NULL;
	const MigFileEntry *other = NULL;
	bool		found_conf = false;
	ListCell   *lc;

	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);
		bool		conf = strcmp(entry->base, CONF) == 0;

		if (!sqitch_index(entry) || entry->text == NULL)
			continue;
		if (found && (entry->depth > found->depth ||
					  (entry->depth == found->depth && found_conf && !conf)))
			continue;
		other = found && entry->depth == found->depth && found_conf == conf ?
			found : NULL;
		found = entry;
		found_conf = conf;
	}
	if (found == NULL)
		elog(ERROR, "neither plan nor configuration was read");
	if (other)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("files \"%s\" and \"%s\" are of two projects",
						other->file->path, found->file->path),
				 errhint("Register the directory of one of them.")));
	return found;
}

/* Where the files of the project are. */
static Layout
find_layout(List *entries)
{
	const MigFileEntry *project = find_project(entries);
	Layout		layout = {0};
	char	   *prefix = pnstrdup(project->file->path,
								  project->base - project->file->path);
	char	   *top = NULL;
	char	   *reworked_top = NULL;
	int			i;

	if (strcmp(project->base, CONF) == 0)
	{
		read_conf(project, "engine \"pg\"", &layout, &top, &reworked_top);
		read_conf(project, "core", &layout, &top, &reworked_top);
	}

	top = top ? directory_below(prefix, top) : prefix;
	reworked_top = reworked_top ? directory_below(prefix, reworked_top) : top;
	layout.plan = layout.plan ? file_below(prefix, layout.plan) :
		psprintf("%s%s", top, PLAN);
	for (i = 0; i < NSCRIPTS; i++)
	{
		if (layout.scripts[i])
			layout.scripts[i] = directory_below(prefix, layout.scripts[i]);
		else
			layout.scripts[i] = psprintf("%s%s/", top, script_names[i]);
		if (layout.reworked[i])
			layout.reworked[i] = directory_below(prefix, layout.reworked[i]);
		else if (reworked_top != top)
			layout.reworked[i] = psprintf("%s%s/", reworked_top, script_names[i]);
		else
			layout.reworked[i] = psprintf("%s%s/", top, script_names[i]);
	}
	return layout;
}

/*
 * The plan.
 */

static bool
is_punctuation(char c)
{
	return (c > ' ' && c < '0') || (c > '9' && c < 'A') ||
		(c > 'Z' && c < 'a' && c != '_') || (c > 'z' && c < 0x7f);
}

static bool
is_name(const char *name)
{
	size_t		len = strlen(name);
	size_t		digits = len;

	if (len == 0 || is_punctuation(name[0]) || is_punctuation(name[len - 1]) ||
		strpbrk(name, " \t:@#\\") != NULL)
		return false;

	/* what ends so is "the third before" or the like */
	while (digits > 0 && mig_is_digit(name[digits - 1]))
		digits--;
	return digits == 0 || digits == len || strchr("~/=%^", name[digits - 1]) == NULL;
}

static bool
begins_as_id(const char *name)
{
	int			i;

	for (i = 0; i < ID_LENGTH; i++)
	{
		if (!is_hex(name[i]))
			return false;
	}
	return true;
}

static void
bad_plan_line(const Plan *plan, const char *message, const char *advice)
{
	mig_bad_line(&plan->lines, plan->lines.number, message, advice);
}

static void
check_name(const Plan *plan, const char *what, const char *name)
{
	if (!is_name(name))
		bad_plan_line(plan, psprintf("\"%s\" is no name of a %s", name, what),
					  "A name neither begins nor ends in punctuation, has no blank, \"@\", \":\", \"#\" or \"\\\", and does not end in \"~\", \"/\", \"=\", \"%\" or \"^\" and a number.");
	if (strcmp(name, "ROOT") == 0 || strcmp(name, "HEAD") == 0 || begins_as_id(name))
		bad_plan_line(plan, psprintf("\"%s\" is no name of a %s", name, what),
					  "ROOT, HEAD and what begins as the ID of a change have a meaning of their own.");
}

static Named *
look_up(const Plan *plan, const char *key)
{
	return hash_search(plan->names, &key, HASH_FIND, NULL);
}

/*
 * The change that a dependency of this project names: index, or -1 if there
 * is none so far.
 */
static int
find_dependency(const Plan *plan, const char *name, const char *tag)
{
	int			limit = plan->nchanges - 1;
	Named	   *named;
	int			i;

	if (tag)
	{
		named = look_up(plan, psprintf("@%s", tag));
		if (named == NULL)
			return -1;
		limit = plan->tags[named->index].change;
		if (name[0] == '\0')
			return limit;
	}
	named = look_up(plan, name);
	if (named == NULL)
		return -1;

	/* without a tag the first is enough, as one cannot be without it */
	if (tag == NULL)
	{
		/* there may be any number of them; its version is its name */
		return named->index;
	}
	for (i = named->index; i > limit; i = plan->changes[i].previous)
	{
		if (plan->changes[i].previous < 0)
			return -1;
	}
	return i;
}

static char *
version_of(const char *name, int instance)
{
	/* as a target, "base" is before the first migration */
	if (instance == 1 && strcmp(name, "base") != 0)
		return pstrdup(name);
	return psprintf("%s#%d", name, instance);
}

/* Two ways to name a change are one requirement. */
static void
add_requirement(Change *change, char *requirement)
{
	ListCell   *lc;

	foreach(lc, change->requires)
	{
		if (strcmp((char *) lfirst(lc), requirement) == 0)
			return;
	}
	change->requires = lappend(change->requires, requirement);
}

/* Add a dependency to the change that is being read. */
static void
add_dependency(Plan *plan, Change *change, char *written)
{
	bool		conflict = written[0] == '!';
	char	   *name = pstrdup(written + conflict);
	char	   *project = NULL;
	char	   *tag;
	char	   *colon = strchr(name, ':');
	const char *version;
	int			found;

	if (colon)
	{
		*colon = '\0';
		project = name;
		name = colon + 1;
	}
	tag = strchr(name, '@');
	if (tag)
		*tag++ = '\0';
	if ((project && !is_name(project)) || (tag && !is_name(tag)) ||
		(name[0] == '\0' ? tag == NULL : !is_name(name)))
		bad_plan_line(plan, psprintf("\"%s\" is no dependency", written),
					  "It is written as change, change@tag, @tag, project:change, or with \"!\" before it for what it conflicts with.");
	if (begins_as_id(name))
		bad_plan_line(plan, psprintf("dependency on the ID \"%s\"", name),
					  "Dependencies by ID are not supported: name the change.");

	if (project && strcmp(project, plan->project) != 0)
	{
		add_requirement(change, written);
		return;
	}
	found = find_dependency(plan, name, tag);
	if (found < 0 && (!conflict || tag))
	{
		if (plan->unmet_change < 0)
		{
			plan->unmet_change = plan->nchanges;
			plan->unmet = tag ? psprintf("%s@%s", name, tag) : name;
		}
		return;
	}
	if (found < 0)
	{
		plan->conflicts = lappend(plan->conflicts, name);
		plan->conflict_changes = lappend_int(plan->conflict_changes, plan->nchanges);
	}
	version = tag ? plan->changes[found].version : version_of(name, 1);
	add_requirement(change, psprintf("%s%s", conflict ? "!" : "", version));
}

/* YYYY-MM-DDThh:mm:ssZ; returns what follows, or NULL if there is none. */
static const char *
skip_time(const char *p)
{
	const char *shape;

	for (shape = "0000-00-00T00:00:00Z"; *shape; shape++, p++)
	{
		if (*shape == '0' ? !mig_is_digit(*p) : *p != *shape)
			return NULL;
	}
	return p;
}

/* After a name and its dependencies: when it was planned, and by whom. */
static void
check_planner(const Plan *plan, const char *p, const char *end)
{
	static const char advice[] =
		"A line of the plan is name [dependencies] 2025-01-31T12:00:00Z Planner <mail> # note.";
	const char *mail;

	p = end - p >= 20 ? skip_time(p) : NULL;
	if (p == NULL)
		bad_plan_line(plan, "no time", advice);
	p = mig_skip_blanks(p);
	mail = p < end ? memchr(p, '<', end - p) : NULL;
	if (mail == NULL || mail == p || !is_blank(mail[-1]) || end[-1] != '>' ||
		end - mail < 3 || memchr(mail, '>', end - 1 - mail) != NULL)
		bad_plan_line(plan, "no planner", advice);
}

static void
read_tag(Plan *plan, const char *p, const char *end)
{
	const char *name_end = p;
	Tag		   *tag;
	Named	   *named;
	char	   *key;
	bool		found;

	while (name_end < end && !is_blank(*name_end))
		name_end++;
	key = pnstrdup(p, name_end - p);	/* with its "@" */
	check_name(plan, "tag", key + 1);
	if (strchr(key, '/'))
		bad_plan_line(plan, psprintf("\"%s\" is no name of a tag", key + 1),
					  "A tag has no \"/\".");
	if (plan->nchanges == 0)
		bad_plan_line(plan, psprintf("tag \"%s\" before the first change", key),
					  "A tag stands after the change that it is about.");
	p = mig_skip_blanks(name_end);
	if (p < end && *p == '[')
		bad_plan_line(plan, psprintf("dependencies of the tag \"%s\"", key),
					  "Only changes have dependencies.");
	check_planner(plan, p, end);

	named = hash_search(plan->names, &key, HASH_ENTER, &found);
	if (found)
		bad_plan_line(plan, psprintf("second tag \"%s\"", key),
					  psprintf("The first one is on line %d.",
							   plan->tags[named->index].line));
	named->index = plan->ntags;
	if (plan->ntags == plan->max_tags)
	{
		plan->max_tags *= 2;
		plan->tags = repalloc_huge(plan->tags, sizeof(Tag) * plan->max_tags);
	}
	tag = &plan->tags[plan->ntags++];
	tag->name = key + 1;
	tag->change = plan->nchanges - 1;
	tag->line = plan->lines.number;
	plan->changes[tag->change].tags =
		lappend(plan->changes[tag->change].tags, tag->name);
}

static void
read_change(Plan *plan, const char *p, const char *end)
{
	const char *name_end;
	Change		change = {0};
	Named	   *named;
	bool		found;

	if (plan->project == NULL)
		bad_plan_line(plan, "change before \"%project\"",
					  "The plan must begin with the name of its project, as in \"%project=flipr\".");
	/* that one of them were to take a change back is not so */
	if (*p == '+' || *p == '-')
		p = mig_skip_blanks(p + 1);
	for (name_end = p; name_end < end && !is_blank(*name_end) && *name_end != '[';)
		name_end++;
	change.name = pnstrdup(p, name_end - p);
	check_name(plan, "change", change.name);
	change.line = plan->lines.number;
	change.previous = change.next = -1;
	change.first_tag = plan->ntags;

	p = mig_skip_blanks(name_end);
	if (p < end && *p == '[')
	{
		const char *close = memchr(p, ']', end - p);

		if (close == NULL)
			bad_plan_line(plan, "unterminated list of dependencies",
						  "It ends with \"]\".");
		for (p++;;)
		{
			const char *start;

			while (p < close && is_blank(*p))
				p++;
			for (start = p; p < close && !is_blank(*p);)
				p++;
			if (p == start)
				break;
			add_dependency(plan, &change, pnstrdup(start, p - start));
		}
		p = mig_skip_blanks(close + 1);
	}
	check_planner(plan, p, end);

	named = hash_search(plan->names, &change.name, HASH_ENTER, &found);
	change.instance = 1;
	if (found)
	{
		Change	   *previous = &plan->changes[named->index];

		if (plan->ntags == 0 || plan->tags[plan->ntags - 1].change < named->index)
			bad_plan_line(plan, psprintf("second change \"%s\"", change.name),
						  psprintf("The first one is on line %d, and there is no tag between them.",
								   previous->line));
		change.previous = named->index;
		change.instance = previous->instance + 1;
		previous->next = plan->nchanges;
	}
	change.version = version_of(change.name, change.instance);
	named->index = plan->nchanges;
	if (plan->nchanges == plan->max_changes)
	{
		plan->max_changes *= 2;
		plan->changes = repalloc_huge(plan->changes,
									  sizeof(Change) * plan->max_changes);
	}
	plan->changes[plan->nchanges++] = change;
}

/* %name = value; only some of them are ours to know. */
static void
read_pragma(Plan *plan, const char *p, const char *end)
{
	const char *equals = memchr(p, '=', end - p);
	char	   *name = mig_copy_trimmed(p + 1, equals ? equals : end);
	char	   *value = equals ? mig_copy_trimmed(equals + 1, end) : pstrdup("");

	if (plan->nchanges > 0)
		bad_plan_line(plan, psprintf("misplaced \"%%%s\"", name),
					  "Such lines stand before the first change.");
	if (strcmp(name, "project") == 0)
	{
		check_name(plan, "project", value);
		plan->project = value;
	}
	else if (strcmp(name, "syntax-version") == 0 && strncmp(value, "1.", 2) != 0)
		bad_plan_line(plan, psprintf("unsupported syntax version \"%s\"", value),
					  "What is known is 1.0.0.");
}

/* Say why a dependency is not fulfilled. */
static void
refuse_unmet(const Plan *plan)
{
	const Change *change = &plan->changes[plan->unmet_change];
	char	   *name = pstrdup(plan->unmet);
	char	   *tag = strchr(name, '@');
	const char *advice = "There is no such change in the plan.";
	Named	   *named;

	if (tag)
	{
		named = look_up(plan, tag);
		*tag = '\0';
		if (named == NULL)
			advice = "There is no such tag in the plan.";
		else if (plan->tags[named->index].change >= plan->unmet_change)
			advice = psprintf("That tag comes later in the plan, on line %d.",
							  plan->tags[named->index].line);
		else if (look_up(plan, name) != NULL)
			advice = "That tag comes before the change.";
	}
	else if ((named = look_up(plan, name)) != NULL)
	{
		int			i = named->index;

		while (plan->changes[i].previous >= 0)
			i = plan->changes[i].previous;
		advice = i == plan->unmet_change ? "A change cannot require itself." :
			psprintf("That change comes later in the plan, on line %d.",
					 plan->changes[i].line);
	}
	mig_bad_line(&plan->lines, change->line,
				 psprintf("change \"%s\" requires \"%s\", which is not there before it",
						  change->name, plan->unmet),
				 advice);
}

/* What a change conflicts with may come later, but it must come. */
static void
check_conflicts(const Plan *plan)
{
	ListCell   *lc;
	ListCell   *lc_change;

	forboth(lc, plan->conflicts, lc_change, plan->conflict_changes)
	{
		const char *name = lfirst(lc);
		const Change *change = &plan->changes[lfirst_int(lc_change)];

		if (look_up(plan, name) == NULL)
			mig_bad_line(&plan->lines, change->line,
						 psprintf("change \"%s\" conflicts with \"%s\", which is not there",
								  change->name, name),
						 "There is no such change in the plan.");
	}
}

static void
read_plan(Plan *plan, const MigFileEntry *entry)
{
	plan->max_changes = plan->max_tags = 64;
	plan->changes = palloc(sizeof(Change) * plan->max_changes);
	plan->tags = palloc(sizeof(Tag) * plan->max_tags);
	plan->names = mig_string_table("names of a plan", sizeof(Named), 1024);
	plan->unmet_change = -1;

	mig_entry_lines(&plan->lines, entry);
	while (mig_lines_next(&plan->lines))
	{
		const char *start = mig_skip_blanks(plan->lines.start);
		const char *end = plan->lines.end;
		const char *note = memchr(start, '#', Max(end - start, 0));

		CHECK_FOR_INTERRUPTS();
		if (note)
			end = note;
		while (end > start && is_blank(end[-1]))
			end--;
		if (end <= start)
			continue;
		if (*start == '%')
			read_pragma(plan, start, end);
		else if (*start == '@')
			read_tag(plan, start, end);
		else
			read_change(plan, start, end);
	}
	if (plan->project == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" has no line \"%%project\"", entry->file->path),
				 errdetail("The plan must begin with the name of its project, as in \"%%project=flipr\".")));
	if (plan->unmet_change >= 0)
		refuse_unmet(plan);
	check_conflicts(plan);
}

/*
 * The scripts.
 */

static Script *
find_script(HTAB *scripts, const char *directory, const char *name)
{
	char	   *path = psprintf("%s%s.sql", directory, name);
	Script	   *script = hash_search(scripts, &path, HASH_FIND, NULL);

	if (script)
		script->used = true;
	return script;
}

/*
 * The name of a change's files, without what all of them have: once it was
 * reworked they are called after a tag that came before that, the last ones
 * first.  Which one it is the deploy script says.
 */
static char *
file_name_of(const Plan *plan, const Change *change, const Layout *layout,
			 HTAB *scripts)
{
	char	   *first = NULL;
	int			end;

	if (change->next < 0)
		return change->name;
	end = plan->changes[change->next].first_tag;
	while (end > change->first_tag)
	{
		int			begin = end - 1;
		int			i;

		/* those of one change are tried in their order */
		while (begin > change->first_tag &&
			   plan->tags[begin - 1].change == plan->tags[end - 1].change)
			begin--;
		for (i = begin; i < end; i++)
		{
			char	   *name = psprintf("%s@%s", change->name, plan->tags[i].name);

			if (find_script(scripts, layout->reworked[DEPLOY], name))
				return name;
			if (first == NULL)
				first = name;
		}
		end = begin;
	}
	return first;
}

static void
take_script(HTAB *scripts, const char *directory, const char *name,
			MigSource *source, MigScript *script)
{
	Script	   *found = find_script(scripts, directory, name);

	if (found == NULL)
		return;
	if (script != &source->verify)
	{
		mig_whole_script(found->entry, source, script);
		return;
	}
	script->path = found->entry->file->path;
	script->line = 1;
	script->text = pstrdup(found->entry->text);
}

static MigSource *
make_source(const Plan *plan, int index, const Layout *layout, HTAB *scripts)
{
	const Change *change = &plan->changes[index];
	char	   *name = file_name_of(plan, change, layout, scripts);
	char	   *const *directories = change->next < 0 ? layout->scripts :
		layout->reworked;
	MigSource  *source = palloc0(sizeof(MigSource));

	source->kind = MIG_KIND_VERSIONED;
	source->format = mig_format_sqitch.name;
	source->version = change->version;
	source->name = change->version; /* what tells one instance from another */
	source->place = index + 1;
	source->requires = change->requires;
	source->tags = change->tags;
	take_script(scripts, directories[DEPLOY], name, source, &source->up);
	take_script(scripts, directories[REVERT], name, source, &source->down);
	take_script(scripts, directories[VERIFY], name, source, &source->verify);
	if (source->up.text == NULL)
		mig_bad_line(&plan->lines, change->line,
					 psprintf("change \"%s\" has no deploy script", change->name),
					 psprintf("There is no file \"%s%s.sql\".", directories[DEPLOY], name));
	return source;
}

/* Tell of scripts that the plan does not know: it may be it that is wrong. */
static void
warn_unplanned(List *entries, HTAB *scripts, const Plan *plan)
{
	StringInfoData names;
	int			n = 0;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);
		Script	   *script;

		if (!entry->sql)
			continue;
		script = hash_search(scripts, &entry->file->path, HASH_FIND, NULL);
		if (script->used)
			continue;
		if (n++ < LISTED)
			appendStringInfo(&names, "%s%s", n > 1 ? ", " : "", script->path);
	}
	if (n > LISTED)
		appendStringInfo(&names, " and %d more", n - LISTED);
	if (n > 0)
		ereport(WARNING,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg_plural("%d script is of no change in the plan and was skipped: %s",
							   "%d scripts are of no change in the plan and were skipped: %s",
							   n, n, names.data),
				 errdetail("The plan is %s.", plan->lines.place)));
}

static List *
sqitch_finish(List *entries, List *sources)
{
	Layout		layout = find_layout(entries);
	const MigFileEntry *plan_entry = NULL;
	Plan		plan = {0};
	HTAB	   *scripts = mig_string_table("scripts of a plan", sizeof(Script),
										   list_length(entries));
	List	   *result = NIL;
	ListCell   *lc;
	int			i;

	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);
		Script	   *script;
		bool		found;

		if (strcmp(entry->file->path, layout.plan) == 0 && entry->text)
			plan_entry = entry;
		if (!entry->sql)
			continue;
		script = hash_search(scripts, &entry->file->path, HASH_ENTER, &found);
		script->entry = entry;
		script->used = false;
	}
	if (plan_entry == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("there is no plan \"%s\"", layout.plan),
				 errdetail("The migrations are in the format %s, whose plan says which there are.",
						   mig_format_sqitch.name)));

	read_plan(&plan, plan_entry);
	for (i = 0; i < plan.nchanges; i++)
	{
		CHECK_FOR_INTERRUPTS();
		result = lappend(result, make_source(&plan, i, &layout, scripts));
	}
	warn_unplanned(entries, scripts, &plan);
	hash_destroy(plan.names);
	hash_destroy(scripts);
	return result;
}

const MigFormat mig_format_sqitch = {
	.name = "sqitch",
	.files = "deploy/<change>.sql, revert/<change>.sql and verify/<change>.sql, beside sqitch.plan",
	.scattered = true,
	.together = true,
	.verifies_by_errors = true,
	.recognise = sqitch_recognise,
	.settings = sqitch_settings,
	.index = sqitch_index,
	.read_list = sqitch_read_list,
	.finish = sqitch_finish
};
