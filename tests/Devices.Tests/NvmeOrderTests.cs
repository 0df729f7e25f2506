namespace Understudy.Devices.Tests;

public class NvmeOrderTests
{
    readonly MiniNvmeDriver _card = new MiniNvmeDriver().Open();

    string Do(string line)
    {
        var words = line.Split(' ');
        var order = Catalog.Find("nvme").Orders.Single(candidate => candidate.Name == words[0]);
        var answer = "";
        _card.Slot.Do(nvme => answer = order.Act(nvme, words[1..]));
        _card.Settle();
        return answer;
    }

    [Fact]
    public void Status_tells_controller_and_namespaces()
    {
        Assert.StartsWith("ready, enabled 1 times, shutdown: None, 2 queues", Do("status"), StringComparison.Ordinal);
        Assert.Contains("namespace 1: 16384 blocks of 512 bytes", Do("status"), StringComparison.Ordinal);
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Do("sha256 1 0 0"));
    }

    [Fact]
    public void Misbehaviour_can_be_ordered()
    {
        Do("fail WriteFault 2");
        Assert.Equal((0x280, 0x280, 0), (_card.Io(0x01).Status, _card.Io(0x01).Status, _card.Io(0x01).Status));
        Do("fail 0x281");
        Assert.Equal(0x281, _card.Io(0x02).Status);
        Do("duplicate");
        Assert.Equal((9, 9), (_card.Io(0x02).CommandId, _card.Take(1).CommandId));
        Do("wrong-cid");
        Assert.NotEqual(9, _card.Io(0x02).CommandId);
        Do("lose 5");
        Do("behave");
        Assert.Equal(0, _card.Io(0x02).Status);
        foreach (var quiet in (string[])["lose", "hold", "wrong-phase"])
        {
            Do(quiet);
            _card.PutIo(0x02);
            _card.Doorbell(1);
            _card.Settle();
            Assert.False(_card.TryTake(1, out _));
        }
        Do("fatal");
        Assert.True(_card.Nvme.IsFatal);
    }

    [Fact]
    public void The_outside_world_can_be_ordered()
    {
        Do("resize 1 100");
        Assert.Equal(100, _card.Nvme.Namespaces[0].Blocks);
        Do("detach 1");
        Assert.Equal(0x00B, _card.Io(0x02).Status);
        Do("attach 1");
        Do("temperature 350");
        Assert.Equal(350, _card.Nvme.Temperature);
        Do("delay 1");
        Assert.Equal(0, _card.Io(0x02).Status);
        Assert.Equal("the admin queue hangs", Do("admin hang"));
        Do("admin ok");
        Do("ready never");
        Assert.True(_card.Nvme.NeverReady);
        Assert.Equal("becomes ready", Do("ready again"));
    }

    [Theory]
    [InlineData("status now", "status")]
    [InlineData("sha256 1 0", "sha256 NSID FIRST BLOCKS")]
    [InlineData("sha256 1 16384 1", "are not all among")]
    [InlineData("sha256 2 0 1", "a namespace from 1 to 1")]
    [InlineData("lose 0", "at least 1 command")]
    [InlineData("fail", "fail STATUS")]
    [InlineData("fail Often", "fail WriteFault")]
    [InlineData("fail 0x800", "fail 0x281")]
    [InlineData("fail 640", "fail 0x281")]
    [InlineData("delay 1000001", "1000000")]
    [InlineData("admin hangs", "admin hang|ok")]
    [InlineData("ready", "ready never|again")]
    [InlineData("temperature 1001", "up to 1000")]
    [InlineData("resize 1 0", "1 to 262144 blocks")]
    [InlineData("resize 1 262145", "1 to 262144 blocks")]
    [InlineData("detach", "detach NSID")]
    public void Wrong_words_are_told_what_would_be_right(string line, string right)
        => Assert.Contains(right, Assert.Throws<FormatException>(() => Do(line)).Message, StringComparison.Ordinal);
}
