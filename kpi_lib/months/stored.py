"""
Sentences that the cleaning wrote down, said again in the language of the page.

Findings and reasons of rows are kept as finished Chinese sentences. Here stand their
templates; a sentence that fits one is said by its translation, with the same values.
"""

from __future__ import annotations

import re
import string
from functools import cache

from kpi_lib.catalogue import METRICS
from kpi_lib.language import LANGUAGES, N_, Sentence, language, say

SENTENCES = (
    # Values of cells.
    N_("“{value}”不是数"),
    N_("“{value}”里有上标、带圈一类的数字"),
    N_("“{value}”小于0，这一列不可能是负数"),
    N_("“{value}”看不出是哪一年哪一天，应写成2026-10-01的样子"),
    N_("“{value}”不是日期"),
    N_("“{value}”不是存在的日期"),
    N_("“{value}”的年份不对"),
    N_("“{value}”大得不可能"),
    N_("“{value}”不是整数"),
    N_("“{value}”没有百分号，看不出是多少"),
    N_("“{value}”不是比率"),
    N_("“{value}”超过100%"),
    N_("“{value}”不是时长"),
    N_("“{value}”不是星级"),
    N_("这一列不是数"),
    # Rows of an export, and what is told of them.
    N_("表头"),
    N_("空行"),
    N_("合计行"),
    N_("这张表没有认得的表头，没有读"),
    N_("表“{sheet}”没有认得的表头，没有读"),
    N_("与前面一行完全相同，只计一次"),
    N_("{day}不在{month}"),
    N_("这一天各列都缺数"),
    N_("没有填数值"),
    N_("只有作者可见，不计"),
    N_("汇总行，不计"),
    N_("说明文字，不是数据"),
    N_("比表头多{n}格，可能错列"),
    N_("比表头少{n}格，可能被截断"),
    N_("没有“{value}”这个指标，可用：{metrics}"),
    N_("“{metric}”由别的数算出，请填{metrics}"),
    N_("“{metric}”由程序算出，不能填"),
    N_("“{value}”的来源应为{streams}之一"),
    N_("账号应为{account}，与所在的文件夹一致"),
    N_("{day}的{metric}有不同的值"),
    N_("已选定{file}第{row}行"),
    N_("与{file}里的相同"),
    N_("同一天下载的同一内容有不同的值"),
    N_("没有下载日期，同一内容又有不同的值"),
    N_("只有表头，没有数据"),
    N_("表“{sheet}”只有表头，没有数据"),
    N_("确认时间段后重新导出"),
    N_("没有用到的列：{columns}"),
    N_("要用时写进formats里{layout}的columns，不用时写进ignore"),
    N_("第{numbers}列有数据却没有列名，没有用到"),
    N_("文件里没有这些列，相应指标缺数：{metrics}"),
    N_("表“{sheet}”没有计入：{why}"),
    N_("认得，没有计入：{why}"),
    N_("“{metric}”每天都比前一天多，像是累计数而不是当天的数"),
    N_("对照后台核对几天；是累计数就不能相加"),
    N_("{rows}“{column}”{why}，整行没有计入"),
    N_("{rows}{why}，整行没有计入"),
    N_("对照后台改正后重新导出"),
    N_("第{numbers}行"),
    N_("第{numbers}等{n}行"),
    N_("{rows}体裁不认得，完播率和阅读完成率不计"),
    N_("{rows}比率只写了“小于”（如<0.1%），按缺数处理"),
    N_("{rows}日期没有写年份或次序，按这个月读"),
    N_("{rows}编号的末几位被Excel改掉，改用链接或发布时间识别"),
    N_("{rows}数值在平台上已经四舍五入（万、千、亿）"),
    N_("{rows}数值只知道下限（如10万+）"),
    # Why a table that is known does not count: the declarations' own words.
    N_("一段时间的条均数和中位数，不是每天或每条的数"),
    N_("音浪是虚拟币，不是元，换算比例文件里没有；结算的收益请手工填报"),
    N_("阅读人数是人数，不是次数，各渠道还会重复"),
    N_("分享和收藏是人数，不是次数；发表篇数不是指标"),
    N_("一篇文章按渠道的阅读人数，不是次数"),
    N_("一篇文章的数，不是账号的；文章的次数在“已通知内容”里"),
    N_("按来源分的新增关注，没有写是哪一天；每天的数在“用户分析”里"),
    N_("不是按日的活跃用户；周、小时和来源等维度不计"),
    N_("不是按日累加的指标（30天的汇总、比率、时长、访客、发布数）"),
    N_("一篇笔记的数，不是账号的；各篇的数在“笔记列表”里"),
    N_("一段时间按内容或地区等分的数，不是每天的；每天的数在Totals.csv里"),
    N_("只含前几名的内容或地区，加起来不是账号的数；每天的数在Totals.csv里"),
    # Files and accounts.
    N_("没有收到{layout}"),
    N_("{account}的{export}"),
    N_("把平台后台下载的文件原样放进这个文件夹，或从花名册的expects里去掉"),
    N_("不属于花名册里的任何账号，没有读"),
    N_("以账号id命名的文件夹"),
    N_("改名或移进账号的文件夹，或在data/roster.yml里登记这个账号"),
    N_("累计数的文件没有下载日期，只能用“当月发布”的口径"),
    N_("文件名末尾或上级文件夹有日期，如2026-11-02"),
    N_("用kpi add FILE --account A --downloaded DAY放进来"),
    N_("有{n}行写的是别的账号，隔离未计；例：第{row}行"),
    N_("{account}，与所在的文件夹一致"),
    N_("改正账号，或把文件移进那个账号的文件夹"),
    N_("{day}的{metric}有不同的值，未计"),
    N_("{first}至{last}之间有{n}天的{metric}有不同的值，未计"),
    N_("{day}下载的{n}条内容的计数有不同的值，未计"),
    N_("没有下载日期的文件里，{n}条内容的计数有不同的值，未计"),
    N_("同一天同一指标只有一个值"),
    N_("在data/decisions.csv选定一行"),
    # Contradictions between exports.
    N_("{what}；例：表“{sheet}”第{row}行，{example}"),
    N_("{what}；例：第{row}行，{example}"),
    N_("有{n}天的净增关注不等于新增减取消，照原样计"),
    N_("有{n}天的粉丝数变化不等于当天的净增关注，照原样计"),
    N_("有{n}处完播率或阅读完成率不在0与1之间，照原样计"),
    N_("有{n}处点赞多于阅读/播放，照原样计"),
    N_("有{n}条作品的累计数比上次下载时少，差照算为负"),
    N_("有{n}条作品只在期初、期末两次下载中的一次里，没有差可算，没有计"),
    N_("有{n}条作品只在期初、期末两次下载中的一次里，只列作品，数按日计"),
    N_("多半是平台清理或作者删了评论；不对的，重新导出"),
    N_("多半是下载时选的时间段不全，或作品已删；时间段不全的重新导出"),
    N_("不必处理"),
    N_("对照后台核对；是导出错了就重新导出"),
    N_("{day}净增{net}，新增{new}，取消{lost}"),
    N_("{day}粉丝数由{before}到{now}，净增{net}"),
    N_("{day}点赞{likes}，阅读/播放{views}"),
    N_("点赞{likes}，阅读/播放{views}"),
    N_("{metric}由{before}到{now}"),
    N_("只在期初的下载里"),
    N_("只在期末的下载里"),
    # Headers.
    N_("{sheets}都像是要读的表，不知该取哪一张"),
    N_("只留下一张，或分成几个文件"),
    N_("表头同样符合几种导出：{layouts}"),
    N_("把文件放进账号的文件夹，平台就确定了"),
    N_("列名重复：{columns}"),
    N_("重新导出，不要合并几个文件"),
    N_("这是{layout}，不是这个账号的平台导出的"),
    N_("放进对应账号的文件夹"),
    N_("没有认得的表头"),
    N_("最接近{layout}"),
    N_("最接近{layout}，缺少列：{columns}"),
    N_("最接近{layout}，多出列：{columns}"),
    N_("最接近{layout}，缺少列：{columns}，多出列：{extra}"),
    N_("最接近{layout}，缺少表：{sheets}"),
    N_("最接近{layout}，缺少空列：各表之间"),
    N_("最接近{layout}，缺少开头几行：{lines}"),
    N_(
        "导出时勾选全部列；平台改了列名时，在formats里补别名，"
        "或用kpi formats learn起草一份声明"
    ),
    N_("新的导出用kpi formats learn起草一份声明"),
    N_("像是Big5（繁体）编码：在Excel里另存为“CSV UTF-8”再放入"),
    # Files that cannot be read.
    N_("完整的xlsx、xls、CSV或网页表格"),
    N_("文件有{size}MB，上限50MB"),
    N_("缩短时间段再导出"),
    N_("50MB以内"),
    N_("没有这个文件"),
    N_("检查路径"),
    N_("打不开文件"),
    N_("打不开文件（是符号链接）"),
    N_("放入导出的文件本身，并确认有读取权限"),
    N_("放入导出的文件本身"),
    N_("普通文件"),
    N_("不是普通文件"),
    N_("文件是空的"),
    N_("重新导出"),
    N_("像是UTF-16编码，但开头没有标记，不能确定"),
    N_("在Excel里另存为“CSV UTF-8”"),
    N_("UTF-8、GB18030或带标记的UTF-16"),
    N_("第{n}个字节（0x{byte}）不能按UTF-8或GB18030解读"),
    N_("从头到尾同一种编码的文字"),
    N_("文件可能被截断或改坏：重新导出，或在Excel里另存为“CSV UTF-8”"),
    N_("不是文本，也不是Excel文件"),
    N_("放入平台导出的原文件"),
    N_("不是表格，是下载失败时的JSON文字"),
    N_("不是表格，是下载失败时的JSON文字：{message}"),
    N_("登录后台重新下载"),
    N_("这一行有{n}格"),
    N_("每行{n}格以内"),
    N_("表格有80万格以上"),
    N_("80万格以内"),
    N_("重新导出；太大时缩短时间段"),
    N_("从这一行起有一个没有配对的引号"),
    N_("一个单元格超过13万字，多半是引号没有配对"),
    N_("引号用错（{about}）"),
    N_("成对的引号"),
    N_("重新导出；不要用记事本改导出的文件"),
    N_("一个带引号的单元格里像是有整行数据，可能是引号错位"),
    N_("第{row}行（文件第{line}行）"),
    N_("对照后台核对这一行"),
    N_("文件声明了外部定义（DOCTYPE），不读"),
    N_("是XML表格"),
    N_("在Excel里另存为xlsx"),
    N_("是XML，不是表格"),
    N_("文件已损坏或不完整，读不出表格"),
    N_("重新导出；不要改扩展名"),
    N_("是压缩包，但不是xlsx（可能是xlsb、ods或zip）"),
    N_("解压，或在Excel里另存为xlsx"),
    N_("文件有密码"),
    N_("没有密码的文件"),
    N_("去掉密码再放入"),
    N_("压缩包展开后过大，不读"),
    N_("展开后200MB、2000个部分以内"),
    N_("重新导出；来历不明的文件不要放入"),
    N_("文件里有不该有的内容，不读"),
    N_("表格范围过大，多半是很远处有一个多余的单元格"),
    N_("80万格以内、每行16384格以内"),
    N_("删去多余的单元格，或重新导出"),
    N_("文件太大，读它要超过512MB内存"),
    N_("较短的时间段"),
    N_("网页里有表格之外的表行，可能不完整"),
    N_("网页里的表格没有结尾，下载不完整"),
    N_("是登录网页，不是表格：下载时登录已过期"),
    N_("是网页，里面没有表格：多半是登录过期或出错页"),
    N_("读它的子进程崩溃了：文件有问题或占用内存过多"),
    N_("{n}秒内读不完"),
    N_("{refusal}（{about}）"),
    N_("{n}个部分"),
    N_("展开后超过200MB"),
    N_("有同名的部分"),
    N_("{rows}行×{columns}列"),
    N_("表“{sheet}”是隐藏的，照常计入"),
    N_("第{numbers}行是隐藏的，照常计入"),
    N_("第{numbers}等行是隐藏的，照常计入"),
    N_("两种读法得到的行数不同（{counted}行和{found}行）"),
    N_("重新导出；仍然如此时请把文件交给维护者"),
    # Order files.
    N_("超过{n}万行"),
    N_("缩短时间段，分几次导出"),
    N_("引号没有配对，或一个单元格过长"),
    N_("两种数法得到的行数不同：{counted}和{found}"),
    N_("文件有{size}MB，订单文件上限1024MB"),
    N_("一行超过1MB，多半是引号没有配对"),
    N_("这一行的第{n}个字节不能按{encoding}解读"),
    N_("文件可能被截断或改坏：重新导出"),
    N_("里面有不是文本的内容"),
    N_("同一个子订单编号出现两次，内容不同"),
    N_("比表头多几格，可能错列"),
    N_("比表头少几格，可能被截断"),
    N_("“{column}”是{value}的样子，末几位已被Excel改掉，分不清是几个订单"),
    N_("“{column}”第16位起全是0，末几位已被Excel改掉，分不清是几个订单"),
    N_("重新下载，直接放入；不要用Excel打开后保存"),
    N_("不是编号"),
    N_("不是时间"),
    N_("不是金额"),
    N_("订单状态是{status}，没有成交，不计"),
    N_("售后状态是{status}，不计"),
    N_("{n}行订单状态是{status}，没有成交，不计"),
    N_("{n}行售后状态是{status}，不计"),
    N_("不认得的状态"),
    N_("不认得的状态“{status}”"),
    N_("没有付款时间，订单按提交的日子计，以导出时的状态为准"),
    N_("对照后台核对；新的状态写进formats/doudian.yml的对应一栏"),
)
"""All that is written down in Chinese and shown on a page; a test finds what is not."""

TOLD = {"what", "why", "rows", "example", "refusal", "about", "metric", "metrics"}
"""Values that are sentences or metrics of ours; every other value is data."""

LISTED = {"numbers", "columns", "extra", "layouts", "sheets", "lines", "metrics"}
"""Values that are lists."""

_METRICS = {one.zh: one for one in METRICS.values()}


def retold(text: str) -> str:
    """
    Say a finished Chinese sentence again in the language that is spoken now.

    Parameters
    ----------
    text : str
        A sentence that was made and stored by the cleaning.

    Returns
    -------
    str
        The translation of the template that it fits, with the same values; the
        sentence itself where none fits or Chinese is spoken.
    """
    return text if language() == LANGUAGES[0] else str(say(recognised(text)))


def recognised(text: str) -> str:
    """Return a stored sentence with the template that it fits, to be said later."""
    if text in SENTENCES:
        return Sentence(text)
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            values = found.groupdict().items()
            return Sentence(template, **{n: _value(n, value) for n, value in values})
    return text


def _value(name: str, text: str) -> list[str]:
    """Read a value as its name wants it: a list, a sentence of ours, or as it is."""
    parts = text.split("、") if name in LISTED else [text]
    if name in TOLD:
        return [_METRICS[p].label if p in _METRICS else recognised(p) for p in parts]
    return parts


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return the templates with values, the one with most words of its own first."""
    made = []
    for template in SENTENCES:
        parts = list(string.Formatter().parse(template))
        if any(name for _text, name, _spec, _way in parts):
            pattern = "".join(
                re.escape(own)
                + (f"(?P<{name}>{SHAPES.get(name, '.+?')})" if name else "")
                for own, name, _spec, _way in parts
            )
            words = sum(len(own) for own, _name, _spec, _way in parts)
            made.append((words, template, re.compile(pattern, re.DOTALL)))
    made.sort(key=lambda one: -one[0])
    return [(template, pattern) for _words, template, pattern in made]


SHAPES = {
    "day": r"\d{4}-\d\d-\d\d",
    "rows": r"第[\d、]+(?:等\d+)?行|\d+",
    "numbers": r"[\d、]+",
    "n": r"\d+",
    "export": r"[a-z][a-z0-9_.-]*",
    "row": r"\d+",
}
"""What values look like that stand beside others without a word between them."""
