"""The last resort of the line bank: a few things anyone could say for each move, in any style.

Used only when every fitting line of the bank has been said. Knows nothing of who is speaking.
"""

from __future__ import annotations

from simulator.domain.persona import Move

FORMS: dict[Move, tuple[str, ...]] = {
    Move.OPEN: ("有事说事吧", "你好，我来问个事"),
    Move.PRESS: ("我还是那句话", "你绕开了，我要的不是这个", "这事你得给我个说法", "说来说去又回到原地"),
    Move.ANSWER: ("这个我说不上来", "这个我不清楚", "你问住我了", "记不得了"),
    Move.QUESTION: ("具体是怎么个弄法？", "然后呢？", "还有呢，接下来怎么走？", "说细一点行不行？"),
    Move.ASK_AGAIN: ("我刚才问的你还没答", "你没接我的话", "先把我问的说清楚", "又跳过去了是吧"),
    Move.DOUBT: ("真的假的", "这我可不敢信", "听着玄乎", "你说得太满了吧"),
    Move.TEST_CLAIM: ("凭据呢？", "拿什么证明？", "这话有没有书面的？", "谁能替你作证？"),
    Move.COMPARE_RIVAL: ("别人家可不这样", "人家的条件你知道吧", "比起来你们差一截"),
    Move.RAISE_CONCERN: ("还有一桩事，不好讲", "也不光是这个", "心里头还有点别的", "有个疙瘩没解开"),
    Move.REVEAL: ("说白了，我就怕{concern}", "实话讲吧，怕的是{concern}", "其实是{concern}，我就担心这个"),
    Move.HESITATE: ("我再琢磨琢磨", "拿不准", "难说", "让我缓一缓"),
    Move.DIGRESS: ("今天外头可真热闹", "刚才有人喊我，走了下神", "你们这儿人来人往的"),
    Move.INTERRUPT: ("等等，说重点", "停一下，太长了", "打住，一句话讲完"),
    Move.GO_QUIET: ("嗯", "……", "哦", "嗯……", "唔", "。。。"),
    Move.SOFTEN: ("这句还算实在", "嗯，有那么点道理", "话是这么个话", "你这态度倒还行"),
    Move.CONCEDE: ("行，那我先看看", "那我先等等看", "好吧，资料我先看"),
    Move.ACCEPT: ("行，就按你说的来", "好，那就这么办", "可以，定了吧"),
    Move.REFUSE: ("不用了", "算了，不要", "这个我不考虑", "没得谈"),
    Move.THREATEN: ("再这样我就投诉", "别逼我去投诉", "你再推我就往上反映"),
    Move.ESCALATE: ("我直接去投诉，不跟你说了", "叫你们领导来，我不跟你谈了"),
    Move.LEAVE: ("不说了，我走了", "就到这儿吧，我还有事", "没空了，先走"),
    Move.OBJECT: ("还有一桩：{objection}", "再说一条：{objection}", "这条也得说说：{objection}"),
    Move.CATCH_OUT: ("你刚才说“{earlier}”，现在又变了", "前面那句“{earlier}”还算不算", "两遍说的对不上"),
    Move.CORRECT: ("你叫错人了", "我不是{wrong}", "名字叫错了"),
    Move.RESIST_HURRY: ("别催", "这么急干什么", "我自己会定，不用赶"),
    Move.COME_BACK: ("刚走开了下，说到哪了", "我在，接着说", "回来了，然后怎么办"),
    Move.FAREWELL: ("那先这样，再见", "好，回头见", "就这样吧，再见"),
}

# By style (`""`: any other): asked for a fact that was given before.
AGAIN: dict[str, tuple[str, ...]] = {
    "analytical": (
        "这个前面答过了，你往上翻。",
        "同一个问题第二遍了，我的答案没变。",
        "记录里有，我不重复了。",
    ),
    "driver": ("说过了 自己翻", "问几遍了", "刚答的 没看？"),
    "expressive": ("哎刚才不是跟你讲了嘛！", "你这记性呀，我都说过一遍啦", "又问？往上翻翻呗哈哈"),
    "amiable": ("这个我刚才讲过啦，您翻翻前面", "前面跟您说了的呀，没看见吧", "嗯……刚说过的，还是那样"),
    "": ("刚说过了，你往上翻", "这个我讲过了", "前面答过的"),
}
