(function(d,w,n){
var s=d.currentScript,l="pressroom-reader",v,t=0,a=0,m=0,o;
if(n.doNotTrack==="1"||n.globalPrivacyControl||!n.sendBeacon)return;
function i(){return Date.now().toString(36)+Math.random().toString(36).slice(2,12)}
if(s.hasAttribute("data-remember"))try{v=localStorage[l]||(localStorage[l]=i()+i())}catch(e){}
o={i:i(),u:location.href,r:d.referrer,v:v};
function p(){n.sendBeacon(s.getAttribute("data-to"),JSON.stringify(o))}
function h(){m=Math.max(m,Math.min(1,(w.scrollY+w.innerHeight)/d.documentElement.scrollHeight))}
function x(){if(a){h();t+=Date.now()-a;a=0;o.s=t/1e3;o.d=m;p()}}
function c(){if(d.visibilityState!=="visible")x();else if(!a){a=Date.now();if(!o.n){o.n=1;p()}}}
w.addEventListener("scroll",h,{passive:true});
w.addEventListener("pagehide",x);
d.addEventListener("visibilitychange",c);
c()
})(document,window,navigator)
